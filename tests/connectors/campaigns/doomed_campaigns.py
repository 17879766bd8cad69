"""A campaigns connector that inserts a target and then hangs, to be killed: `python -m tests.connectors.campaigns.doomed_campaigns`."""

import asyncio
import os

from connectors.campaigns.connector import CampaignsConnector
from connectors.framework.connector import Body, command
from connectors.framework.context import Context
from connectors.framework.outcome import Outcome
from connectors.framework.runner import ConnectorRunner
from connectors.framework.surroundings import Surroundings


class Doomed(CampaignsConnector):
    """Inserts the target and never comes back."""

    @command("InsertTarget", idempotent=True)
    async def insert_target(self, body: Body, context: Context) -> Outcome:
        await super().insert_target(body, context)
        print("done, not recorded", flush=True)  # noqa: T201 - what the test waits for
        await asyncio.Event().wait()
        raise AssertionError


async def main() -> None:
    surroundings = Surroundings.from_environment(os.environ)
    await ConnectorRunner(Doomed(surroundings), surroundings.deployment, surroundings.settings).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main())
