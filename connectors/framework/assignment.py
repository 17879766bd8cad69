"""The partitions that a connector has at the moment, and the commands of them that are under way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiokafka import ConsumerRecord, TopicPartition

from connectors.framework.lanes import Lanes
from connectors.framework.offsets import OffsetLedger


@dataclass(frozen=True, slots=True)
class Job:
    """One record of a commands topic, and where to say that it is finished."""

    record: ConsumerRecord
    ledger: OffsetLedger


class Assignment:
    """One generation of a consumer group's membership; what is left over from an older one touches nothing of a newer one."""

    def __init__(self, work: Callable[["Assignment", Job], Awaitable[None]]) -> None:
        self.lanes: Lanes[Job] = Lanes(lambda job: work(self, job))
        self._ledgers: dict[TopicPartition, OffsetLedger] = {}
        self._over = False

    @property
    def unfinished(self) -> int:
        """How many commands were read and are not finished."""
        return sum(ledger.unfinished for ledger in self._ledgers.values())

    def accept(self, partition: TopicPartition, record: ConsumerRecord) -> None:
        """Take a record in; once the assignment is over, it is left to whoever has the partition next."""
        if self._over:
            return
        ledger = self._ledgers.get(partition)
        if ledger is None:
            ledger = self._ledgers[partition] = OffsetLedger()
        ledger.begin(record.offset)
        # A record without a key has no conversation to be in order with.
        self.lanes.add(record.key or (partition, record.offset), Job(record, ledger))

    def read(self, partition: TopicPartition) -> int | None:
        """The offset up to which commands of a partition were read; None where none was."""
        ledger = self._ledgers.get(partition)
        return None if ledger is None else ledger.read

    async def end(self, seconds: float) -> None:
        """Let what is under way end, up to so long; the rest is left to whoever has the partitions next."""
        self._over = True
        await self.lanes.drain(seconds)

    def committable(self) -> dict[TopicPartition, int]:
        """The offsets to commit."""
        positions = {partition: ledger.committable() for partition, ledger in self._ledgers.items()}
        return {partition: position for partition, position in positions.items() if position is not None}

    def committed(self, positions: dict[TopicPartition, int]) -> None:
        """The group has taken these offsets."""
        for partition, position in positions.items():
            self._ledgers[partition].committed(position)
