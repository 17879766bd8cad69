"""Projections of the journal into Redis: how often each branch was taken, how many interactions wait where; exact, although records repeat.

The journal's offset is stored in the same MULTI as what was counted up to it: a record read again, by this worker or another, is known by
its offset, and what Redis has lost is known by the offset that it lost with it, and read again from the journal.
"""

import asyncio
import json
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import ClassVar, Final

from msgspec import Struct
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.exceptions import WatchError

from schemas.codec import Codec, Datum, UndecodableRecord

log = logging.getLogger(__name__)

RETRY_SEC = 1.0
REREAD_RECORDS: Final = 2_000
"""Records read again at once, where Redis lacks them."""


@dataclass(slots=True)
class JournalRecord:
    """A journal record as it was read; decoded once, for all projections."""

    partition: int
    offset: int
    value: bytes | None
    _datum: Datum | None = field(default=None, repr=False)

    def decoded(self, codec: Codec) -> Datum | None:
        """Return what it says; None where that cannot be read."""
        if self._datum is None:
            try:
                self._datum = codec.decode(self.value)[1]
            except UndecodableRecord as error:
                log.warning("journal partition %d offset %d: %s", self.partition, self.offset, error)
        return self._datum


Reread = Callable[[int, int, int], Iterator[JournalRecord]]
"""Gives the records of a partition of the journal from one offset up to, not including, another. Blocks."""


class Projection(ABC):
    """Follows the journal; its offsets are in `<prefix><name>.offsets:<partition>`."""

    name: ClassVar[str]

    def __init__(self, redis: Redis, prefix: str, codec: Codec, reread: Reread | None = None) -> None:
        """Prepare; `reread` reads what Redis lacks, without it that is not made up for."""
        self._redis = redis
        self._prefix = prefix
        self._codec = codec
        self._reread = reread
        self._followed: dict[int, int] = {}
        """Partition → the offset up to which Redis had everything when it was last written."""

    async def absorb(self, records: Sequence[JournalRecord]) -> None:
        """Take in a run of records in order; waits while Redis is away."""
        while True:
            try:
                for partition in sorted({record.partition for record in records}):
                    run = [record for record in records if record.partition == partition]
                    async for missing in self._missing(partition, run[0].offset):
                        await self._absorb(partition, missing)
                    await self._absorb(partition, run)
            except (RedisConnectionError, RedisTimeoutError) as error:
                log.warning("Redis is away, the projection %s waits: %s", self.name, error)
                await asyncio.sleep(RETRY_SEC)
            else:
                return

    @abstractmethod
    async def project(self, pipeline: Pipeline, partition: int, data: Sequence[Datum]) -> Callable[[], None]:
        """Read what is needed, and return what adds the writes to the MULTI."""

    async def _missing(self, partition: int, offset: int) -> AsyncIterator[list[JournalRecord]]:
        """Give what the journal has between where Redis is and an offset, where that is more than what lies between any two batches.

        A new projection, or a Redis that lost something, begins so far back as it must. Transactions leave gaps in the offsets, so that
        only the first run after a start and a Redis that fell back are looked into.
        """
        if self._reread is None:
            return
        reached = int(await self._redis.get(self.offsets_key(partition)) or 0)
        if reached >= offset or reached >= self._followed.get(partition, offset):
            return
        if offset - reached > REREAD_RECORDS:
            log.warning("projection %s: partition %d is read again from offset %d to %d", self.name, partition, reached, offset)
        records = self._reread(partition, reached, offset)
        while run := await asyncio.to_thread(lambda: list(islice(records, REREAD_RECORDS))):
            yield run

    async def _absorb(self, partition: int, records: Sequence[JournalRecord]) -> None:
        async with self._redis.pipeline(transaction=True) as pipeline:
            while True:
                await pipeline.watch(self.offsets_key(partition))
                reached = int(await pipeline.get(self.offsets_key(partition)) or 0)
                fresh = [record for record in records if record.offset >= reached]
                if not fresh:
                    self._followed[partition] = reached
                    return
                data = [datum for record in fresh if (datum := record.decoded(self._codec)) is not None]
                write = await self.project(pipeline, partition, data)
                pipeline.multi()  # type: ignore[no-untyped-call]  # redis-py has no types here
                write()
                pipeline.set(self.offsets_key(partition), fresh[-1].offset + 1)
                try:
                    await pipeline.execute()
                except WatchError:
                    continue  # another worker counted meanwhile
                self._followed[partition] = fresh[-1].offset + 1
                return

    def offsets_key(self, partition: int) -> str:
        """Return where the offset is that a partition is counted up to."""
        return f"{self._prefix}{self.name}.offsets:{partition}"


class BranchCounts(Projection):
    """How often each branch was taken: hashes `<prefix>branches:<flow>:<version>`, field `<action>/<branch>`."""

    name = "branches"

    async def counts(self, flow: str, version: int) -> dict[str, int]:
        """Return `action/branch` → how often, for one version of a flow."""
        found = await self._redis.hgetall(self._key(flow, version))
        return {_text(field): int(count) for field, count in sorted(found.items())}

    async def project(self, pipeline: Pipeline, partition: int, data: Sequence[Datum]) -> Callable[[], None]:
        """Count the steps that took a branch."""
        counts: Counter[tuple[str, int, str]] = Counter()
        for datum in data:
            for step in datum["steps"]:
                if step["branch"] is not None:
                    counts[step["flow"], step["flow_version"], f"{step['action']}/{step['branch']}"] += 1

        def write() -> None:
            for (flow, version, taken), count in counts.items():
                pipeline.hincrby(self._key(flow, version), taken, count)

        return write

    def _key(self, flow: str, version: int) -> str:
        return f"{self._prefix}branches:{flow}:{version}"


class Place(Struct, frozen=True):
    """Where an interaction waits."""

    flow: str
    version: int
    action: str


class WaitingCounts(Projection):
    """How many interactions wait on each action: hashes `<prefix>waiting:<flow>:<version>`, field `<action>`.

    Where each conversation waits is in the hashes `<prefix>waits:<partition>`, so that a count goes down where one goes on.
    """

    name = "waits"

    async def project(self, pipeline: Pipeline, partition: int, data: Sequence[Datum]) -> Callable[[], None]:
        """Move each interaction from where it waited to where it waits now."""
        conversations = sorted({datum["conversation_id"] for datum in data})
        known = f"{self._prefix}waits:{partition}"
        found = await pipeline.hmget(known, conversations) if conversations else []
        before = {name: _place(value) for name, value in zip(conversations, found, strict=True)}
        places = dict(before)
        for datum in data:
            name = datum["conversation_id"]
            places[name] = waits_at(places[name], datum)
        moved = {name: place for name, place in places.items() if place != before[name]}
        counts: Counter[Place] = Counter()
        counts.update(place for place in moved.values() if place is not None)
        counts.subtract(place for name in moved if (place := before[name]) is not None)

        def write() -> None:
            gone = [name for name, place in moved.items() if place is None]
            if gone:
                pipeline.hdel(known, *gone)
            come = {name: json.dumps([place.flow, place.version, place.action]) for name, place in moved.items() if place is not None}
            if come:
                pipeline.hset(known, mapping=come)
            for place, count in counts.items():
                if count:
                    pipeline.hincrby(waiting_key(self._prefix, place.flow, place.version), place.action, count)

        return write


def waiting_key(prefix: str, flow: str, version: int) -> str:
    """Return the hash that holds how many interactions wait on each action of a version."""
    return f"{prefix}waiting:{flow}:{version}"


def waiting_counts(found: Mapping[bytes | str, bytes | str]) -> dict[str, int]:
    """Return action → how many interactions wait there, from the hash as Redis gives it; what has come down to nothing is left out."""
    return {_text(action): int(count) for action, count in sorted(found.items(), key=lambda item: _text(item[0])) if int(count)}


def waits_at(place: Place | None, datum: Datum) -> Place | None:
    """Return where an interaction waits after a journal record; None where none is live."""
    if datum["ended"] is not None:
        return None
    name, event = datum["event"]
    if name.endswith(".MigrateRequested") and datum["disposition"] == "applied":
        action = place.action if place is not None else ""
        return Place(event["flow"], event["to_version"], event["actions"].get(action, action)) if place is not None else None
    if not datum["steps"]:
        return place
    last = datum["steps"][-1]
    return Place(last["flow"], last["flow_version"], last["action"])


def _place(value: bytes | str | None) -> Place | None:
    return Place(*json.loads(value)) if value is not None else None


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
