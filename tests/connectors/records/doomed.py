"""Connectors that do what they are told and then hang, to be killed between doing and recording.

`python -m tests.connectors.records.doomed databases|crm`
"""

import asyncio
import os
import sys

from connectors.crm.connector import CrmConnector
from connectors.databases.connector import DatabasesConnector
from connectors.framework.connector import Body, command
from connectors.framework.context import Context
from connectors.framework.outcome import Outcome
from connectors.framework.runner import ConnectorRunner
from connectors.framework.surroundings import Surroundings


async def hang() -> Outcome:
    print("done, not recorded", flush=True)  # noqa: T201 - what the test waits for
    await asyncio.Event().wait()
    raise AssertionError


class DoomedDatabases(DatabasesConnector):
    """Adds the row and never comes back."""

    @command("InsertRow", idempotent=True, failure="not_ok")
    async def insert_row(self, body: Body, context: Context) -> Outcome:
        await super().insert_row(body, context)
        return await hang()


class DoomedCrm(CrmConnector):
    """Creates the card and never comes back."""

    @command("FindCard", idempotent=True)
    async def find_card(self, body: Body, context: Context) -> Outcome:
        await super().find_card(body, context)
        return await hang()

    @command("CreateCardV2", look_up="_what_became_of_card")
    async def create_card_v2(self, body: Body, context: Context) -> Outcome:
        await super().create_card_v2(body, context)
        return await hang()


async def main() -> None:
    surroundings = Surroundings.from_environment(os.environ)
    doomed = {"databases": DoomedDatabases, "crm": DoomedCrm}[sys.argv[1]]
    await ConnectorRunner(doomed(surroundings), surroundings.deployment, surroundings.settings).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main())
