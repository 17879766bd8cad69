"""An ACD's connector that hangs between doing and recording: `python -m tests.connectors.acd.doomed`."""

import asyncio
import os

from connectors.acd.connector import AcdConnector
from connectors.framework.connector import Body, command
from connectors.framework.context import Context
from connectors.framework.outcome import Outcome
from connectors.framework.runner import ConnectorRunner
from connectors.framework.surroundings import Surroundings


class Doomed(AcdConnector):
    """Distributes and never comes back."""

    @command("DistributeToQueue", idempotent=True, failure="unprocessed")
    async def distribute_to_queue(self, body: Body, context: Context) -> Outcome:
        await super().distribute_to_queue(body, context)
        print("done, not recorded", flush=True)  # noqa: T201 - what the test waits for
        await asyncio.Event().wait()
        raise AssertionError


async def main() -> None:
    surroundings = Surroundings.from_environment(os.environ)
    await ConnectorRunner(Doomed(surroundings), surroundings.deployment, surroundings.settings).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main())
