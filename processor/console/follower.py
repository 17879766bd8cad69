"""Follows the journal: every committed record, from a bounded time ago on."""

import asyncio
import contextlib
import logging
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from processor.console.line import Line, line_of
from processor.console.recent import Recent
from schemas.codec import Codec, UndecodableRecord
from schemas.deployment import Deployment

log = logging.getLogger(__name__)

RECORDS_BACK: Final = 20_000
"""Records of each partition that are read again when the console starts."""

_POLL_MS: Final = 200
_FETCH_MS: Final = 100
_RETRY_SEC: Final = 1.0


class JournalFollower:
    """Reads without a group: every console sees all of it, and no worker has to wait for one."""

    def __init__(self, deployment: Deployment, codec: Codec, recent: Recent) -> None:
        self._deployment = deployment
        self._partitions = [TopicPartition(deployment.topics.journal, number) for number in range(deployment.partitions)]
        self._codec = codec
        self._recent = recent

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop` is set; where Kafka is away, try again. Cancelled while it connects, the client would leave sockets open."""
        begun: dict[TopicPartition, int] = {}
        while not stop.is_set():
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._deployment.bootstrap_servers,
                isolation_level="read_committed",
                enable_auto_commit=False,
                fetch_max_wait_ms=_FETCH_MS,
                check_crcs=not self._deployment.embedded,  # the embedded broker's commit markers carry no checksum
            )
            try:
                await consumer.start()
                consumer.assign(self._partitions)
                await self._begin(consumer, begun)
                while not stop.is_set():
                    for partition, records in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
                        for line in await asyncio.to_thread(self._lines, partition.partition, records):
                            self._recent.add(line)
                        begun[partition] = records[-1].offset + 1
            except Exception as error:  # noqa: BLE001 - Kafka's, the registry's or the network's: the console goes on when it is over
                log.warning("the journal cannot be followed, trying again: %s: %s", type(error).__name__, error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _RETRY_SEC)
            finally:
                await consumer.stop()

    async def _begin(self, consumer: Any, begun: dict[TopicPartition, int]) -> None:
        """Go to where we were, or a bounded number of records back."""
        first = await consumer.beginning_offsets(self._partitions)
        end = await consumer.end_offsets(self._partitions)
        for partition in self._partitions:
            if partition not in begun or not first[partition] <= begun[partition] <= end[partition]:
                begun[partition] = max(first[partition], end[partition] - RECORDS_BACK)
                self._recent.begin(partition.partition, begun[partition])
            consumer.seek(partition, begun[partition])

    def _lines(self, partition: int, records: list[Any]) -> list[Line]:
        """Decode records; a schema registry may have to be asked, so this runs in a thread."""
        lines = []
        for record in records:
            try:
                name, datum = self._codec.decode(record.value)
            except UndecodableRecord as error:
                log.warning("journal partition %d offset %d is passed over: %s", partition, record.offset, error)
                continue
            if name == "journal_record":
                lines.append(line_of(partition, record.offset, datum))
            else:
                log.warning(
                    "journal partition %d offset %d is passed over: expected a journal_record, found a %s", partition, record.offset, name
                )
        return lines
