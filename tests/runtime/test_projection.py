"""Branch counts in Redis: exact, although records repeat."""

import asyncio

from redis.asyncio import Redis

from processor.runtime.worker.projection import BranchCounts, JournalRecord
from schemas.codec import Codec
from smart_routing.embedded import EmbeddedRedis


def record(offset: int, branch: str | None, *, partition: int = 0) -> JournalRecord:
    step = {"step": 1, "flow": "greeting", "flow_version": 2, "action": "ask", "type": "pause", "branch": branch}
    datum = {
        "conversation_id": "c",
        "sequence": 1,
        "at": 0,
        "source": {"topic": "ticks", "partition": partition, "offset": 0},
        "disposition": "applied",
        "event": ("smart_routing.Ticked", {}),
        "opened": False,
        "steps": [{**step, "commands": [], "writes": [], "warnings": []}],
        "definitions_offset": 0,
        "engine": "0",
    }
    return JournalRecord(partition, offset, Codec().encode("journal_record", datum))


async def test_records_read_again_are_counted_once(redis_server: EmbeddedRedis) -> None:
    async with Redis.from_url(redis_server.url) as redis:
        counts = BranchCounts(redis, "sr.", Codec())
        await counts.absorb([record(0, "ok"), record(1, "error"), record(0, "ok", partition=1)])
        await counts.absorb([record(1, "error"), record(2, "ok")])
        await counts.absorb([record(0, "ok")])
        assert await counts.counts("greeting", 2) == {"ask/error": 1, "ask/ok": 3}


async def test_two_workers_that_count_the_same_records_at_once_count_them_once(redis_server: EmbeddedRedis) -> None:
    records = [record(offset, "ok") for offset in range(200)]
    async with Redis.from_url(redis_server.url) as one, Redis.from_url(redis_server.url) as other:
        workers = [BranchCounts(redis, "sr.", Codec()) for redis in (one, other)]
        for begin in range(0, 200, 20):
            await asyncio.gather(*(worker.absorb(records[begin : begin + 20]) for worker in workers))
        assert await workers[0].counts("greeting", 2) == {"ask/ok": 200}


async def test_waits_and_garbage_count_nothing_and_stop_nothing(redis_server: EmbeddedRedis) -> None:
    async with Redis.from_url(redis_server.url) as redis:
        counts = BranchCounts(redis, "sr.", Codec())
        await counts.absorb([record(0, None), JournalRecord(0, 1, b"garbage"), record(2, "ok")])
        assert await counts.counts("greeting", 2) == {"ask/ok": 1}


async def test_counting_waits_while_redis_is_away(redis_server: EmbeddedRedis) -> None:
    async with Redis.from_url(redis_server.url) as redis:
        counts = BranchCounts(redis, "sr.", Codec())
        redis_server.stop()
        counting = asyncio.create_task(counts.absorb([record(0, "ok")]))
        done, _ = await asyncio.wait([counting], timeout=0.5)
        assert not done
        redis_server.start()
        await asyncio.wait_for(counting, 20)
        assert await counts.counts("greeting", 2) == {"ask/ok": 1}
