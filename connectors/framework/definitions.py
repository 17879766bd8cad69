"""What connectors know of definitions: the documents in service, read from the topic `definitions` and followed."""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from connectors.framework.ending import end, within
from connectors.framework.errors import StoreAway
from connectors.framework.repetition import repeat
from connectors.framework.surroundings import Surroundings
from connectors.framework.wire import Wire
from schemas.codec import UndecodableRecord

_POLL_MS: Final = 500
_EMBEDDED_FETCH_MS: Final = 250
_CATCH_UP_SECONDS: Final = 10.0
_LONGEST_PAUSE_SECONDS: Final = 2.0

logger = logging.getLogger(__name__)


class Definitions:
    """The latest published document of every kind and reference.

    A record that cannot be read is skipped and logged: the processor, which reads the same topic, decides what flows may name.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare; nothing is connected yet."""
        deployment = surroundings.deployment
        self._wire = Wire.of(deployment)
        self._partition = TopicPartition(deployment.topics.definitions, 0)
        self._farewell_seconds = surroundings.settings.farewell_seconds
        self._documents: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._references: dict[tuple[str, str], str] = {}
        self._next = 0
        self._grown = asyncio.Condition()
        self._following: asyncio.Task[None] | None = None
        self._deployment = deployment
        self._consumer: Any = None  # made when it is opened: one that is made and never closed complains

    async def open(self) -> None:
        """Connect, read what there is, and follow.

        Raises KafkaError where Kafka does not answer.
        """
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._deployment.bootstrap_servers,
            isolation_level="read_committed",
            fetch_max_wait_ms=_EMBEDDED_FETCH_MS if self._deployment.embedded else _POLL_MS,
            check_crcs=not self._deployment.embedded,
            enable_auto_commit=False,
        )
        await self._consumer.start()
        self._consumer.assign([self._partition])
        await self._consumer.seek_to_beginning(self._partition)
        self._following = repeat(self._read, longest_pause_seconds=_LONGEST_PAUSE_SECONDS)
        await self.catch_up()

    async def close(self) -> None:
        """Disconnect; also where `open` failed."""
        await end(self._following)
        if self._consumer is not None and not await within(self._farewell_seconds, "definitions", self._consumer.stop()):
            await self._consumer._client.close()  # noqa: SLF001 - a farewell that fails leaves its connections open, and it says no second one

    async def find(self, kind: str, reference: str) -> Mapping[str, Any] | None:
        """Return the document of this kind and reference, None where none is in service, and before that read on to the topic's end.

        Raises StoreAway where Kafka does not tell in time whether there is one.
        """
        if (kind, reference) not in self._documents:
            await self.catch_up()
        return self._documents.get((kind, reference))

    async def all_of(self, kind: str) -> list[Mapping[str, Any]]:
        """Return every document of a kind that is in service, by reference."""
        return [document for (of_kind, _), document in sorted(self._documents.items(), key=lambda known: known[0]) if of_kind == kind]

    async def catch_up(self) -> None:
        """Read on to what is the topic's end now.

        Raises StoreAway where that takes too long.
        """
        try:
            async with asyncio.timeout(_CATCH_UP_SECONDS):
                # The last stable offset: what an open transaction writes is not published yet (KIP-98).
                last = (await self._consumer.end_offsets([self._partition]))[self._partition]
                async with self._grown:
                    await self._grown.wait_for(lambda: self._next >= last)
        except (KafkaError, TimeoutError) as error:
            raise StoreAway("The definitions cannot be read at the moment.") from error

    async def _read(self) -> None:
        batches = await self._consumer.getmany(timeout_ms=_POLL_MS)
        for record in batches.get(self._partition, ()):
            try:
                name, definition = await self._wire.decode(record.value)
                if name == "definition":
                    self._take(definition)
            except (UndecodableRecord, ValueError) as error:
                logger.warning("definitions: offset %d is passed over: %s", record.offset, error)
        position = await self._consumer.position(self._partition)
        if position != self._next:
            async with self._grown:
                self._next = position
                self._grown.notify_all()

    def _take(self, definition: Mapping[str, Any]) -> None:
        kind, identity = definition["kind"], (definition["kind"], definition["id"])
        if kind == "flow":
            return
        # An entity whose reference has changed is known by the new one only.
        before = self._references.pop(identity, None)
        if before is not None:
            self._documents.pop((kind, before), None)
        if definition["status"] == "published":
            self._documents[kind, definition["reference"]] = json.loads(definition["document"])
            self._references[identity] = definition["reference"]
