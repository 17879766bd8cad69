"""A connector that does what it is told and then hangs, to be killed between doing and recording: `python -m tests.connectors.doomed`."""

import asyncio

from connectors.framework.connector import Body, command
from connectors.framework.context import Context
from connectors.framework.outcome import Outcome
from connectors.framework.runner import ConnectorRunner
from connectors.framework.settings import ConnectorSettings
from connectors.framework.surroundings import Surroundings
from connectors.messaging.connector import MessagingConnector
from schemas.deployment import Deployment


class Doomed(MessagingConnector):
    """Says the text and never comes back."""

    @command("SendMessage", idempotent=True)
    async def send_message(self, body: Body, context: Context) -> Outcome:
        await super().send_message(body, context)
        print("done, not recorded", flush=True)  # noqa: T201 - what the test waits for
        await asyncio.Event().wait()
        raise AssertionError


if __name__ == "__main__":
    deployment, settings = Deployment.from_environment(), ConnectorSettings.from_environment()
    asyncio.run(ConnectorRunner(Doomed(Surroundings(deployment, settings, {})), deployment, settings).run(asyncio.Event()))
