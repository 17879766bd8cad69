"""How far the workers have applied what customers wrote."""

import asyncio
from contextlib import aclosing
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from connectors.contacts.log import Log
from schemas.deployment import Deployment

_LOOK_SECONDS: Final = 0.05


class AppliedInputs:
    """The workers' positions in `inbound`: a message that is not applied yet may have begun an interaction that no journal tells of."""

    def __init__(self, deployment: Deployment, log: Log) -> None:
        self._group = deployment.processor_group
        self._topic = deployment.topics.inbound
        self._log = log
        self._admin: Any = AIOKafkaAdminClient(
            bootstrap_servers=deployment.bootstrap_servers, client_id=f"{deployment.topic_prefix}contacts"
        )

    async def open(self) -> None:
        """Connect.

        Raises KafkaError where Kafka does not answer.
        """
        await self._admin.start()

    async def close(self) -> None:
        """Disconnect; also where `open` failed."""
        await self._admin.close()

    async def reach(self, at: int) -> None:
        """Wait until everything that was logged up to a time, epoch ms, on any partition, is applied: however long the workers take.

        Raises KafkaError.
        """
        targets = await self._log.first_after(self._topic, at)
        while True:
            applied = await self._applied()
            behind = {number: (applied.get(number, 0), target) for number, target in targets.items() if applied.get(number, 0) < target}
            # What is left there may be the mark that a transaction leaves, which nobody ever applies.
            if not behind or not await self._holds_records(behind):
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _applied(self) -> dict[int, int]:
        partitions = [TopicPartition(self._topic, number) for number in self._log.partitions]
        found = await self._admin.list_consumer_group_offsets(self._group, partitions=partitions)
        return {partition.partition: max(0, position.offset) for partition, position in found.items()}

    async def _holds_records(self, ranges: dict[int, tuple[int, int]]) -> bool:
        async with aclosing(self._log.read(self._topic, ranges)) as stretches:
            async for stretch in stretches:
                if any(record.offset < ranges[stretch.partition][1] for record in stretch.records):
                    return True
        return False
