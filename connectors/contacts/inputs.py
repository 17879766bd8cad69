"""How far the workers have applied what customers wrote."""

import asyncio
from contextlib import aclosing
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from connectors.contacts.log import Log
from connectors.contacts.rounds import Rounds
from schemas.deployment import Deployment

_LOOK_SECONDS: Final = 0.05


class AppliedInputs:
    """The workers' positions in `inbound`: a message that is not applied yet may have begun an interaction that no journal tells of."""

    def __init__(self, deployment: Deployment, log: Log) -> None:
        self._group = deployment.processor_group
        self._topic = deployment.topics.inbound
        self._embedded = deployment.embedded
        self._log = log
        self._admin: Any = AIOKafkaAdminClient(
            bootstrap_servers=deployment.bootstrap_servers, client_id=f"{deployment.topic_prefix}contacts"
        )
        self._looks = Rounds(self._look)
        self._ends: dict[int, int] = {}
        self._applied: dict[int, int] = {}
        self._unapplied: dict[int, int] = {}
        """Partition → the offset of a record of which we know that it is there."""
        self._reached = 0

    async def open(self) -> None:
        """Connect.

        Raises KafkaError where Kafka does not answer.
        """
        await self._admin.start()

    async def close(self) -> None:
        """Disconnect; also where `open` failed."""
        await self._looks.close()
        await self._admin.close()

    async def reach(self, at: int) -> None:
        """Wait until everything that was logged up to a time, epoch ms, on any partition, is applied: however long the workers take.

        The embedded broker does not keep offsets that come in transactions: there, nothing is waited for, and a message that is written
        on another channel at the same moment may be left out.

        Raises KafkaError.
        """
        if at <= self._reached or self._embedded:
            return
        await self._looks.join()
        if not any([await self._is_behind(partition, end) for partition, end in self._ends.items()]):
            return  # what is there is applied, and what comes is later
        targets = await self._log.first_after(self._topic, at)
        while any([await self._is_behind(partition, target) for partition, target in targets.items()]):
            await asyncio.sleep(_LOOK_SECONDS)
            await self._looks.join()
        self._reached = max(self._reached, at)

    async def _look(self) -> None:
        self._ends = await self._log.ends(self._topic)
        partitions = [TopicPartition(self._topic, number) for number in self._log.partitions]
        found = await self._admin.list_consumer_group_offsets(self._group, partitions=partitions)
        self._applied = {partition.partition: max(0, position.offset) for partition, position in found.items()}

    async def _is_behind(self, partition: int, target: int) -> bool:
        applied = self._applied.get(partition, 0)
        if applied >= target:
            return False
        if applied <= self._unapplied.get(partition, -1) < target:
            return True
        # What is left may be no record but the mark that a transaction leaves, which nobody ever applies.
        async with aclosing(self._log.read(self._topic, {partition: (applied, target)})) as stretches:
            async for stretch in stretches:
                if stretch.records:
                    self._unapplied[partition] = int(stretch.records[0].offset)
                    return self._unapplied[partition] < target
        return False
