"""Takes the journal into the store, wherever it is read."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing

from connectors.contacts.log import Log
from connectors.contacts.store import ContactStore, GenerationOver
from connectors.contacts.story import Reading, Record
from schemas.codec import Codec
from schemas.deployment import Deployment
from schemas.registry import SchemaRegistry

Progress = Callable[[int, int], None]
"""Told how many offsets were read, and how many there are."""


def _silent(_read: int, _all: int) -> None:
    pass


class Projection:
    """The journal, taken in. Any number of processes may do so at once; each record counts once."""

    def __init__(self, deployment: Deployment, log: Log, store: ContactStore) -> None:
        """Prepare.

        Raises DeploymentError where the deployment has no secret by which customers are named.
        """
        registry = SchemaRegistry(deployment.schema_registry_url) if deployment.schema_registry_url else None
        self._reading = Reading(Codec(registry), deployment.conversation_secret())
        self._topic = deployment.topics.journal
        self._log = log
        self._store = store
        self._followed = ""
        """The generation that counted when it was last asked for."""

    async def catch_up(self, generation: str, *, aside: bool = False, progress: Progress = _silent) -> None:
        """Take in everything up to the journal's end as it is now.

        Raises GenerationOver where another generation counts, unless this one is built `aside`; RedisError; KafkaError.
        """
        ends = await self._log.ends(self._topic)
        begun = await self._store.offsets(generation)
        while True:
            offsets = await self._store.offsets(generation)
            ranges = {number: (offsets[number], end) for number, end in ends.items() if offsets[number] < end}
            if not ranges:
                return
            read = dict(offsets)
            async with aclosing(self._log.read(self._topic, ranges)) as stretches:
                async for stretch in stretches:
                    records = [Record(record.offset, record.value) for record in stretch.records]
                    # In a thread: a schema registry may be asked, and answers of other commands go on.
                    story = await asyncio.to_thread(
                        self._reading.story, stretch.partition, stretch.first, stretch.end, records, stretch.lost_until
                    )
                    if await self._store.take(generation, story, aside=aside) < story.end:
                        break  # Redis has lost something meanwhile: it is read again
                    read[stretch.partition] = min(stretch.end, ends[stretch.partition])
                    progress(sum(read.values()) - sum(begun.values()), sum(ends.values()) - sum(begun.values()))

    async def catch_up_what_counts(self) -> None:
        """Take in everything up to the journal's end as it is now, into the generation that counts.

        Raises RedisError, KafkaError.
        """
        while True:
            try:
                await self.catch_up(await self._store.generation())
            except GenerationOver:
                continue
            return

    async def follow(self, partition: int, first: int, records: Sequence[Record]) -> None:
        """Take in records as they come, and before them what Redis lacks.

        Args:
            partition: of the journal.
            first: an offset up to the first record's; from there on nothing is missing among the records.
            records: in order.

        Raises RedisError, KafkaError.
        """
        story = await asyncio.to_thread(self._reading.story, partition, first, records[-1].offset + 1, records)
        while True:
            generation = self._followed = self._followed or await self._store.generation()
            try:
                if await self._store.take(generation, story) >= story.end:
                    return
                await self.catch_up(generation)
            except GenerationOver:
                self._followed = ""
