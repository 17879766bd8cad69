"""Counts in Redis: exact, although records repeat and Redis forgets."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from redis.asyncio import Redis

from processor.runtime.worker.projection import BranchCounts, JournalRecord, Projection, WaitingCounts, waiting_counts, waiting_key
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


def journalled(offset: int, conversation: str, *steps: tuple[str, str | None], event: Any = None, **fields: Any) -> JournalRecord:
    """A record of one conversation whose steps are (action, branch)."""
    plain = {"flow": "greeting", "flow_version": 1, "type": "pause", "commands": [], "writes": [], "warnings": []}
    datum = {
        "conversation_id": conversation,
        "sequence": 1,
        "at": 0,
        "source": {"topic": "inbound", "partition": 0, "offset": 0},
        "disposition": "applied",
        "event": event or ("smart_routing.Ticked", {}),
        "opened": False,
        "steps": [
            {**plain, "step": number, "action": action, "branch": branch} | fields.pop("step", {})
            for number, (action, branch) in enumerate(steps)
        ],
        "ended": None,
        "definitions_offset": 0,
        "engine": "0",
        **fields,
    }
    return JournalRecord(0, offset, Codec().encode("journal_record", datum))


def migration(offset: int, conversation: str, actions: dict[str, str], *, disposition: str = "applied") -> JournalRecord:
    event = {"operator": "ana", "flow": "greeting", "from_version": 1, "to_version": 2, "actions": actions}
    return journalled(offset, conversation, event=("smart_routing.MigrateRequested", event), disposition=disposition)


async def waiting(redis: Redis, version: int = 1, flow: str = "greeting") -> dict[str, int]:
    return waiting_counts(await redis.hgetall(waiting_key("sr.", flow, version)))


async def test_interactions_that_wait_are_counted_where_they_wait(redis_server: EmbeddedRedis) -> None:
    async with Redis.from_url(redis_server.url) as redis:
        counts = WaitingCounts(redis, "sr.", Codec())
        await counts.absorb(
            [
                journalled(0, "a", ("start", "ok"), ("ask", None)),
                journalled(1, "b", ("start", "ok"), ("ask", None)),
                journalled(2, "c", ("start", "ok"), ("ask", None)),
                journalled(3, "a", ("ask", "ok"), ("hold", None)),
                journalled(4, "a"),
                JournalRecord(0, 5, b"garbage"),
            ]
        )
        assert await waiting(redis) == {"ask": 2, "hold": 1}
        await counts.absorb([journalled(6, "b", ("ask", "ok"), ended="completed"), journalled(7, "c", ("ask", None))])
        assert await waiting(redis) == {"ask": 1, "hold": 1}
        await counts.absorb([journalled(8, "a", ended="expired"), journalled(9, "c", ("ask", "ok"), ended="completed")])
        assert await waiting(redis) == {}
        assert await redis.exists("sr.waits:0") == 0


async def test_records_read_again_move_no_count(redis_server: EmbeddedRedis) -> None:
    records = [
        journalled(0, "a", ("start", "ok"), ("ask", None)),
        journalled(1, "a", ("ask", "ok"), ("hold", None)),
        journalled(2, "b", ("start", "ok"), ("ask", None)),
    ]
    async with Redis.from_url(redis_server.url) as one, Redis.from_url(redis_server.url) as other:
        workers = [WaitingCounts(redis, "sr.", Codec()) for redis in (one, other)]
        await asyncio.gather(*(worker.absorb(records[:2]) for worker in workers))
        for first in range(3):
            await asyncio.gather(*(worker.absorb(records[first:]) for worker in workers))
        assert await waiting(one) == {"ask": 1, "hold": 1}


async def test_a_migration_moves_the_count_and_one_that_was_refused_does_not(redis_server: EmbeddedRedis) -> None:
    async with Redis.from_url(redis_server.url) as redis:
        counts = WaitingCounts(redis, "sr.", Codec())
        opened = [journalled(offset, name, ("start", "ok"), ("ask", None)) for offset, name in enumerate("abc")]
        await counts.absorb(opened)
        refused = migration(5, "c", {}, disposition="ignored")
        await counts.absorb([migration(3, "a", {"ask": "question"}), migration(4, "b", {}), refused, migration(6, "unknown", {})])
        assert await waiting(redis, 1) == {"ask": 1}
        assert await waiting(redis, 2) == {"ask": 1, "question": 1}


async def test_a_hand_over_and_a_tail_are_counted_with_the_flow_that_waits(redis_server: EmbeddedRedis) -> None:
    async with Redis.from_url(redis_server.url) as redis:
        counts = WaitingCounts(redis, "sr.", Codec())
        await counts.absorb([journalled(0, "a", ("rate", None), step={"flow": "farewell", "flow_version": 7})])
        assert await waiting(redis, 7, "farewell") == {"rate": 1}
        assert await waiting(redis) == {}


class Journal:
    """A partition of a journal, and which of its parts were read again."""

    def __init__(self, *records: JournalRecord) -> None:
        self.records = records
        self.reread: list[tuple[int, int]] = []

    def read(self, partition: int, first: int, end: int) -> Iterator[JournalRecord]:
        self.reread.append((first, end))
        return (record for record in self.records if first <= record.offset < end)


async def test_a_projection_that_begins_late_reads_what_was_before(redis_server: EmbeddedRedis) -> None:
    journal = Journal(*(journalled(2 * number, f"c{number}", ("start", "ok"), ("ask", None)) for number in range(30)))
    async with Redis.from_url(redis_server.url) as redis:
        counts = WaitingCounts(redis, "sr.", Codec(), journal.read)
        await counts.absorb(journal.records[20:25])
        await counts.absorb(journal.records[25:])
        assert await waiting(redis) == {"ask": 30}
        assert journal.reread == [(0, 40)], "and only once, although transactions leave gaps"


@pytest.mark.parametrize("projection", [BranchCounts, WaitingCounts])
async def test_what_redis_has_lost_is_read_again(redis_server: EmbeddedRedis, projection: type[Projection], monkeypatch: Any) -> None:
    monkeypatch.setattr("processor.runtime.worker.projection.REREAD_RECORDS", 3)
    journal = Journal(*(journalled(number, f"c{number}", ("start", "ok"), ("ask", None)) for number in range(10)))
    async with Redis.from_url(redis_server.url) as redis:
        counts = projection(redis, "sr.", Codec(), journal.read)
        await counts.absorb(journal.records[:9])
        before = {key: await redis.hgetall(key) for key in (b"sr.branches:greeting:1", waiting_key("sr.", "greeting", 1))}
        await redis.flushall()
        await counts.absorb(journal.records[9:])
        assert journal.reread[-1] == (0, 9)
        after = {key: await redis.hgetall(key) for key in before}
        assert [sum(map(int, found.values())) for found in after.values() if found] == [10]
        assert any(before.values())
