"""Topics read from one offset to another, and asked how far they go."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from connectors.framework.ending import within
from schemas.deployment import Deployment

RECORDS_AT_ONCE: Final = 2_000

_POLL_MS: Final = 200
_FETCH_MS: Final = 50
_REQUEST_MS: Final = 10_000
_FAREWELL_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """All committed records of a partition from one offset up to, not including, another."""

    partition: int
    first: int
    end: int
    records: Sequence[ConsumerRecord]
    lost_until: int | None = None
    """Where records before `first` should be there and are gone, the time up to which contacts may be missing, epoch ms."""


class Log:
    """Reads by offset, in no consumer group."""

    def __init__(self, deployment: Deployment) -> None:
        self.partitions = range(deployment.partitions)
        self._reading = asyncio.Lock()
        self._deployment = deployment
        # Made when they are opened: one that is made and never closed complains.
        self._reader: Any = None
        self._asker: Any = None

    async def open(self) -> None:
        """Connect.

        Raises KafkaError where Kafka does not answer.
        """
        self._reader = _consumer(self._deployment, "read_committed")
        self._asker = _consumer(self._deployment, "read_uncommitted")
        await self._reader.start()
        await self._asker.start()

    async def close(self) -> None:
        """Disconnect; also where `open` failed."""
        for consumer in (self._reader, self._asker):
            if consumer is not None and not await within(_FAREWELL_SECONDS, "contacts: reader", consumer.stop()):
                await consumer._client.close()  # noqa: SLF001 - a farewell that fails leaves its connections open, and it says no second one

    async def ends(self, topic: str) -> dict[int, int]:
        """Return partition → the offset after its last record, whether that is committed yet or not.

        Raises KafkaError.
        """
        found = await self._asker.end_offsets(self._of(topic))
        return {partition.partition: offset for partition, offset in found.items()}

    async def first_after(self, topic: str, at: int) -> dict[int, int]:
        """Return partition → the offset of its first record that was logged after a time, epoch ms; its end, where there is none.

        Raises KafkaError.
        """
        ends = await self.ends(topic)
        found = await self._asker.offsets_for_times(dict.fromkeys(self._of(topic), at + 1))
        return ends | {partition.partition: later.offset for partition, later in found.items() if later is not None}

    async def read(self, topic: str, ranges: Mapping[int, tuple[int, int]]) -> AsyncGenerator[Stretch, None]:
        """Yield what is committed in these ranges of partitions, and perhaps somewhat more at their ends.

        Waits for transactions that are open within a range. Ranges that retention has cut begin later, and say so.

        Raises KafkaError.
        """
        async with self._reading:
            wanted = {TopicPartition(topic, number): stretch for number, stretch in ranges.items()}
            if not wanted:
                return
            begins = await self._reader.beginning_offsets(list(wanted))
            self._reader.assign(list(wanted))
            reached = {partition: max(first, begins[partition]) for partition, (first, _) in wanted.items()}
            cut = {partition for partition, (first, _) in wanted.items() if begins[partition] > first}
            for partition, offset in reached.items():
                self._reader.seek(partition, offset)
            try:
                while wanted:
                    batches = await self._reader.getmany(*wanted, timeout_ms=_POLL_MS, max_records=RECORDS_AT_ONCE)
                    for partition, (_, end) in list(wanted.items()):
                        first, position = reached[partition], await self._reader.position(partition)
                        if position > first or partition in cut:
                            records = batches.get(partition, ())
                            lost = _lost_until(records) if partition in cut else None
                            reached[partition] = position
                            cut.discard(partition)
                            yield Stretch(partition.partition, first, position, records, lost)
                        if position >= end:
                            del wanted[partition]
                            self._reader.pause(partition)
            finally:
                self._reader.pause(*self._reader.assignment())

    def _of(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in self.partitions]


def _lost_until(records: Sequence[ConsumerRecord]) -> int:
    # A record is written after all that it tells has happened.
    return int(records[0].timestamp if records else time.time() * 1000) + 1


def _consumer(deployment: Deployment, isolation: str) -> Any:
    return AIOKafkaConsumer(
        bootstrap_servers=deployment.bootstrap_servers,
        client_id=f"{deployment.topic_prefix}contacts",
        isolation_level=isolation,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=_FETCH_MS,
        request_timeout_ms=_REQUEST_MS,
        check_crcs=not deployment.embedded,  # the embedded broker's commit markers carry no checksum
    )
