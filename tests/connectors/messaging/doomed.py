"""A messaging connector that hangs as soon as WhatsApp has its message, to be killed: `python -m tests.connectors.messaging.doomed`."""

import asyncio
import os

from connectors.framework.runner import ConnectorRunner
from connectors.framework.surroundings import Surroundings
from connectors.messaging.connector import MessagingConnector
from connectors.messaging.whatsapp.api import GraphApi


async def send(*args: object, of: object = GraphApi.send) -> str:
    await of(*args)  # type: ignore[operator]  # the method as it was
    print("done, not recorded", flush=True)  # noqa: T201 - what the test waits for
    await asyncio.Event().wait()
    raise AssertionError


if __name__ == "__main__":
    surroundings = Surroundings.from_environment(os.environ)
    GraphApi.send = send  # type: ignore[assignment]  # nothing of ours is noted after WhatsApp has it
    asyncio.run(ConnectorRunner(MessagingConnector(surroundings), surroundings.deployment, surroundings.settings).run(asyncio.Event()))
