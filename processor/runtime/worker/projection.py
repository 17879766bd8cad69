"""A projection of the journal: how often each branch of each flow version was taken, in Redis, exactly counted although events repeat.

The journal's offset is stored in the same MULTI as the counts: a record read again, by this worker or another, is known by its offset.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.exceptions import WatchError

from schemas.codec import Codec, UndecodableRecord

log = logging.getLogger(__name__)

RETRY_SEC = 1.0


class JournalRecord(Struct, frozen=True):
    """A journal record as it was read."""

    partition: int
    offset: int
    value: bytes | None


class BranchCounts:
    """Counts in hashes `<prefix>branches:<flow>:<version>`, field `<action>/<branch>`; offsets in `<prefix>branches.offsets`."""

    def __init__(self, redis: Redis, prefix: str, codec: Codec) -> None:
        self._redis = redis
        self._prefix = prefix
        self._offsets = f"{prefix}branches.offsets"
        self._codec = codec

    async def absorb(self, records: Sequence[JournalRecord]) -> None:
        """Count a run of records in order; waits while Redis is away."""
        while True:
            try:
                for partition in sorted({record.partition for record in records}):
                    await self._absorb(partition, [record for record in records if record.partition == partition])
            except (RedisConnectionError, RedisTimeoutError) as error:
                log.warning("Redis is away, the branch counts wait: %s", error)
                await asyncio.sleep(RETRY_SEC)
            else:
                return

    async def counts(self, flow: str, version: int) -> dict[str, int]:
        """Return `action/branch` → how often, for one version of a flow."""
        found = await self._redis.hgetall(self._key(flow, version))
        return {_text(field): int(count) for field, count in sorted(found.items())}

    async def _absorb(self, partition: int, records: Sequence[JournalRecord]) -> None:
        async with self._redis.pipeline(transaction=True) as pipeline:
            while True:
                await pipeline.watch(self._offsets_key(partition))
                reached = int(await pipeline.get(self._offsets_key(partition)) or 0)
                fresh = [record for record in records if record.offset >= reached]
                if not fresh:
                    return
                pipeline.multi()  # type: ignore[no-untyped-call]  # redis-py has no types here
                for (flow, version, field), count in self._counted(fresh).items():
                    pipeline.hincrby(self._key(flow, version), field, count)
                pipeline.set(self._offsets_key(partition), fresh[-1].offset + 1)
                try:
                    await pipeline.execute()
                except WatchError:
                    continue  # another worker counted meanwhile
                else:
                    return

    def _counted(self, records: Sequence[JournalRecord]) -> Counter[tuple[str, int, str]]:
        counts: Counter[tuple[str, int, str]] = Counter()
        for record in records:
            try:
                _, datum = self._codec.decode(record.value)
            except UndecodableRecord as error:
                log.warning("journal partition %d offset %d: %s", record.partition, record.offset, error)
                continue
            for step in datum["steps"]:
                if step["branch"] is not None:
                    counts[step["flow"], step["flow_version"], f"{step['action']}/{step['branch']}"] += 1
        return counts

    def _offsets_key(self, partition: int) -> str:
        return f"{self._offsets}:{partition}"

    def _key(self, flow: str, version: int) -> str:
        return f"{self._prefix}branches:{flow}:{version}"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
