"""Whether flows wait behind the gateway's accounts: messages to an account that no entry point names end among the dead letters."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

import stamina
from aiokafka.errors import KafkaError

from connectors.framework.definitions import Definitions
from connectors.framework.errors import Retry
from connectors.framework.surroundings import Surroundings

_KIND: Final = "entry_point"
_FIRST_SECONDS: Final = 10.0
"""So long after the gateway was started it is first looked: entry points may be published at the same time."""

_PAUSE_SECONDS: Final = 30.0
_LONGEST_PAUSE_SECONDS: Final = 60.0

logger = logging.getLogger(__name__)


class EntryPoints:
    """Compares accounts with the entry points in service, every now and then, and tells of those that have none."""

    def __init__(self, surroundings: Surroundings, accounts: Iterable[tuple[str, str]]) -> None:
        """Prepare; `accounts` are pairs of channel and account."""
        self._surroundings = surroundings
        self._accounts = tuple(accounts)
        self.missing: tuple[str, ...] = ()
        """Accounts without an entry point, as people read them, such as `web_chat demo`."""

    async def watch(self) -> None:
        """Compare until cancelled."""
        await asyncio.sleep(_FIRST_SECONDS)
        async for attempt in stamina.retry_context(
            on=(KafkaError, Retry, OSError), attempts=None, timeout=None, wait_max=_LONGEST_PAUSE_SECONDS
        ):
            with attempt:
                definitions = Definitions(self._surroundings)
                try:
                    await definitions.open()
                    while True:
                        await self.compare(definitions)
                        await asyncio.sleep(_PAUSE_SECONDS)
                finally:
                    await definitions.close()

    async def compare(self, definitions: Definitions) -> None:
        """Compare once, and log what is new."""
        known = {(entry["channel"], entry["account"]) for entry in await definitions.all_of(_KIND)}
        missing = tuple(f"{channel} {account}" for channel, account in self._accounts if (channel, account) not in known)
        if missing != self.missing:
            if missing:
                logger.warning("no entry point names these accounts, so that nobody answers there: %s", ", ".join(missing))
            else:
                logger.info("every account has an entry point")
        self.missing = missing
