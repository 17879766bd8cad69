"""A connector that does a command and then hangs, to be killed unrecorded: `python -m tests.connectors.doomed FAMILY COMMAND`."""

import asyncio
import os
import sys
from dataclasses import replace

from connectors.framework.connector import Body, Connector
from connectors.framework.context import Context
from connectors.framework.outcome import Outcome
from connectors.framework.runner import ConnectorRunner
from connectors.framework.surroundings import Surroundings
from connectors.run import CONNECTORS


def doomed(connector: Connector, name: str) -> Connector:
    """Have it never come back from a command."""
    method = connector.commands[name]

    async def execute(itself: Connector, body: Body, context: Context) -> Outcome:
        await method.execute(itself, body, context)
        print("done, not recorded", flush=True)  # noqa: T201 - what the test waits for
        await asyncio.Event().wait()
        raise AssertionError

    type(connector).commands = {**connector.commands, name: replace(method, execute=execute)}
    return connector


async def main(family: str, name: str) -> None:
    surroundings = Surroundings.from_environment(os.environ)
    connector = doomed(CONNECTORS[family](surroundings), name)
    await ConnectorRunner(connector, surroundings.deployment, surroundings.settings).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
