"""A connector whose back end takes no time, so that only the framework is measured: `python -m bench.instant_connector`.

Settings come from the environment. SIGTERM: it drains and ends.
"""

import asyncio
import gc
import signal

from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.outcome import Outcome
from connectors.framework.runner import ConnectorRunner
from connectors.framework.settings import ConnectorSettings
from schemas.deployment import Deployment


class InstantConnector(Connector):
    """Says that a message was sent."""

    family = "messaging"

    @command("SendMessage")
    async def send_message(self, body: Body, context: Context) -> Outcome:
        """Do nothing."""
        return Outcome.ok()


async def main() -> None:
    """Run until told to stop."""
    gc.collect()
    gc.freeze()  # as `smart-routing connectors run` does
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await ConnectorRunner(InstantConnector(), Deployment.from_environment(), ConnectorSettings.from_environment()).run(stop)


if __name__ == "__main__":
    asyncio.run(main())
