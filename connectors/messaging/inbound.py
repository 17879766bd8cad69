"""Customers' messages on their way to Kafka."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any, Final

import stamina
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from connectors.framework.ending import end, within
from schemas.deployment import Deployment

_LONGEST_PAUSE_SECONDS: Final = 5.0

logger = logging.getLogger(__name__)


class KafkaUnavailable(Exception):
    """Kafka did not say that it has the message."""


class Inbound:
    """A producer to `inbound` that gives up in time, so that the customer can be told.

    Acknowledged by all replicas in sync, but not idempotent: aiokafka's idempotent producer never gives a message up, and would deliver
    one hours after the customer was told that it was not taken. A message that is sent twice is the engine's to recognise, by its id.
    """

    def __init__(self, deployment: Deployment, seconds: float, farewell_seconds: float) -> None:
        """Prepare; `seconds` is how long Kafka may take to accept a message, `farewell_seconds` how long when it is closed."""
        self._deployment = deployment
        self._farewell_seconds = farewell_seconds
        # A message waits for a connection at most this long, and then for an answer as long again.
        self._request_ms = max(int(seconds * 1000 / 2), 1)
        self._producer: Any = None
        self._connecting: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to connect; a Kafka that is not there yet is tried again until it is."""
        self._connecting = asyncio.create_task(self._connect())

    async def close(self) -> None:
        """Disconnect."""
        await end(self._connecting)
        if self._producer is not None and not await within(
            self._farewell_seconds, "producer of customers' messages", self._producer.stop()
        ):
            await self._producer.client.close()

    async def send(self, conversation_id: str, value: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        """Return once Kafka has the message.

        Raises KafkaUnavailable where it does not say so in time; it may have it all the same.
        """
        if self._producer is None:
            raise KafkaUnavailable("not connected")
        try:
            await self._producer.send_and_wait(self._deployment.topics.inbound, value, key=conversation_id.encode(), headers=list(headers))
        except KafkaError as error:
            raise KafkaUnavailable(repr(error)) from error

    async def is_available(self, seconds: float) -> bool:
        """Whether a broker answers within so long."""
        if self._producer is None:
            return False
        with contextlib.suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(seconds):
                await self._producer.client.fetch_all_metadata()
                return True
        return False

    async def _connect(self) -> None:
        async for attempt in stamina.retry_context(on=KafkaError, attempts=None, timeout=None, wait_max=_LONGEST_PAUSE_SECONDS):
            with attempt:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._deployment.bootstrap_servers,
                    client_id=f"{self._deployment.topic_prefix}gateway",
                    acks="all",
                    request_timeout_ms=self._request_ms,
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
        logger.info("gateway: connected to Kafka")
