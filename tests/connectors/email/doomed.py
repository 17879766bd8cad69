"""An e-mail connector that kills itself at a step: `python -m tests.connectors.email.doomed before|after`."""

import asyncio
import os
import signal
import sys

from connectors.email.connector import EmailConnector
from connectors.framework.runner import ConnectorRunner
from connectors.framework.surroundings import Surroundings
from connectors.smtp import session


def _die_before_the_dot() -> None:
    deliver = session._data

    async def doomed(client, mailbox, content, taken, begin):
        async def begin_and_die(addresses):
            os.kill(os.getpid(), signal.SIGKILL)

        await deliver(client, mailbox, content, taken, begin_and_die)

    session._data = doomed


def _die_after_the_dot() -> None:
    deliver = session._data

    async def doomed(client, mailbox, content, taken, begin):
        await deliver(client, mailbox, content, taken, begin)
        os.kill(os.getpid(), signal.SIGKILL)

    session._data = doomed


if __name__ == "__main__":
    _die_before_the_dot() if sys.argv[1] == "before" else _die_after_the_dot()
    surroundings = Surroundings.from_environment(dict(os.environ))
    asyncio.run(ConnectorRunner(EmailConnector(surroundings), surroundings.deployment, surroundings.settings).run(asyncio.Event()))
