"""A cases connector that opens a case and then hangs, to be killed before it answers: `python -m tests.connectors.cases.doomed_cases`."""

import asyncio
import os

from connectors.cases.connector import CasesConnector
from connectors.framework.connector import Body, command
from connectors.framework.context import Context
from connectors.framework.outcome import Outcome
from connectors.framework.runner import ConnectorRunner
from connectors.framework.surroundings import Surroundings


class Doomed(CasesConnector):
    """Opens the case and never comes back."""

    @command("CreateCase", idempotent=True)
    async def create_case(self, body: Body, context: Context) -> Outcome:
        await super().create_case(body, context)
        print("done, not recorded", flush=True)  # noqa: T201 - what the test waits for
        await asyncio.Event().wait()
        raise AssertionError


async def main() -> None:
    surroundings = Surroundings.from_environment(os.environ)
    await ConnectorRunner(Doomed(surroundings), surroundings.deployment, surroundings.settings).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main())
