"""Sends what a store holds for the processor, as long as the connector runs."""

import asyncio
from abc import ABC, abstractmethod
from typing import Final

from connectors.framework.ending import end
from connectors.framework.publisher import Publisher
from connectors.framework.repetition import repeat
from connectors.framework.surroundings import Surroundings
from connectors.framework.wire import Wire

_LONGEST_PAUSE_SECONDS: Final = 5.0


class Relay(ABC):
    """Base of all relays: reads what was written with a fact, sends it to the topic `responses`, and forgets it once Kafka has it.

    What is sent again because we died in between has no further effect in the processor. Made inside a running event loop.
    """

    def __init__(self, surroundings: Surroundings, family: str) -> None:
        self.wire: Final = Wire.of(surroundings.deployment)
        self.publisher: Final = Publisher(surroundings.deployment, self.wire, family, surroundings.settings.farewell_seconds)
        self._relaying: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect to Kafka and begin.

        Raises KafkaError where Kafka does not answer.
        """
        await self.publisher.__aenter__()
        self._relaying = repeat(self.send_some, longest_pause_seconds=_LONGEST_PAUSE_SECONDS)

    async def close(self) -> None:
        """Stop; what is left is sent by the next one."""
        if self._relaying is not None:
            await end(self._relaying)
            await self.publisher.__aexit__(None, None, None)

    @abstractmethod
    async def send_some(self) -> None:
        """Send what there is, or wait a little for something; called over and over, also after it raised."""
