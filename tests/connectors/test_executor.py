"""Two connectors at the same command, on a real Redis."""

import asyncio
from contextlib import asynccontextmanager, nullcontext

from redis.asyncio import Redis

from connectors.framework.context import Context
from connectors.framework.executor import Executor
from connectors.framework.metrics import Metrics
from connectors.framework.outcome import Outcome
from connectors.framework.presence import Presence
from connectors.framework.rate import Rates
from connectors.framework.record import ExecutionRecord
from connectors.framework.settings import ConnectorSettings
from connectors.framework.wire import Wire
from schemas.codec import Codec
from schemas.topics import Topics
from tests.connectors.command_bench import QUICK, until
from tests.connectors.probe import Probe

COMMAND = {"command_id": "1", "conversation_id": "c1", "deadline": None, "body": ("smart_routing.SendMessage", {"text": "x"})}
CONTEXT = Context.of(COMMAND)


@asynccontextmanager
async def executing(redis_server, probe, settings=QUICK):
    """An executor with its presence."""
    async with Redis.from_url(redis_server.url) as redis, Presence(redis, "alive:", settings.presence_seconds) as presence:
        record = ExecutionRecord(redis, "record:", settings.record_expiry_seconds)
        rates = Rates(redis, "rate:", "messaging", settings.rate_table())
        yield Executor(probe, record, presence, rates=rates, wire=Wire(), settings=settings, metrics=Metrics()), presence, redis
        await record.close()


def execute(executor, name="SendMessage"):
    return asyncio.create_task(executor.execute(name, {}, CONTEXT, nullcontext))


def waiting_probe():
    gate = asyncio.Event()

    async def wait(_context):
        await gate.wait()
        return Outcome.ok(by="the first")

    return Probe(wait), gate


async def test_a_claim_of_a_connector_that_lives_is_waited_for(redis_server):
    (first, gate), second = waiting_probe(), Probe()
    async with executing(redis_server, first) as (one, _, _), executing(redis_server, second) as (two, _, _):
        by_one = execute(one)
        await until(lambda: first.executed)
        by_two = execute(two)
        await asyncio.sleep(QUICK.presence_seconds * 1.5)  # a dead one's claim would be taken over by now
        gate.set()
        assert await by_one == await by_two
    assert first.executed + second.executed == {"1": 1}


async def test_an_answer_that_comes_after_the_command_was_taken_over_does_not_count(redis_server):
    """The first is stopped for longer than it takes to be believed dead, and woken."""
    (first, gate), second = waiting_probe(), Probe()
    async with executing(redis_server, first) as (one, presence, redis), executing(redis_server, second) as (two, _, _):
        by_one = execute(one, "CheckImage")
        await until(lambda: first.executed)
        presence._beating.cancel()
        await redis.delete(f"alive:{presence.name}")
        by_two = await execute(two, "CheckImage")
        gate.set()
        assert await by_one == by_two
    assert Codec().decode(by_two)[1]["values"] == {"times": "1"}


async def test_a_command_that_another_has_taken_over_and_not_finished_is_left_to_it(redis_server):
    (first, gate), (second, second_gate) = waiting_probe(), waiting_probe()
    async with executing(redis_server, first) as (one, presence, redis), executing(redis_server, second) as (two, _, _):
        by_one = execute(one, "CheckImage")
        await until(lambda: first.executed)
        presence._beating.cancel()
        await redis.delete(f"alive:{presence.name}")
        by_two = execute(two, "CheckImage")
        await until(lambda: second.executed)
        gate.set()
        assert await by_one is None
        second_gate.set()
        assert await by_two is not None


async def test_a_claim_that_was_cut_off_in_the_same_connector_is_taken_over(redis_server):
    """A partition that goes and comes back: the first try was cancelled, so nobody is at it any more."""
    probe, _gate = waiting_probe()
    async with executing(redis_server, probe) as (one, _, _):
        first_try = execute(one)
        await until(lambda: probe.executed)
        first_try.cancel()
        await asyncio.wait([first_try])
        answer = Codec().decode(await execute(one))[1]
    assert (answer["outcome"], answer["reason"]) == ("unknown", "interrupted")


async def test_the_record_is_forgotten_after_its_expiry(redis_server):
    settings = QUICK.model_copy(update={"record_expiry_seconds": 0.3})
    probe = Probe()
    async with executing(redis_server, probe, settings) as (one, _, redis):
        await execute(one)
        assert 0 < await redis.pttl("record:1") <= 300


def test_an_executed_command_is_known_for_longer_than_it_can_be_read_again():
    topics = Topics()
    (spec,) = (spec for spec in topics.specs(1) if spec.name == topics.commands("messaging"))
    kept_ms = int(spec.config["retention.ms"]) + int(spec.config["segment.ms"])
    assert ConnectorSettings().record_expiry_seconds * 1000 > kept_ms


async def test_repeating_a_claim_whose_answer_was_lost_gives_the_same_claim(redis_server):
    async with Redis.from_url(redis_server.url) as redis:
        record = ExecutionRecord(redis, "record:", 60)
        claims = [await record.claim("1", "a/1"), await record.claim("1", "a/1")]
        taken = await record.claim("1", "b/1")
        inherited = [await record.claim("1", "b/1", dead="a/1"), await record.claim("1", "b/1")]
        late = await record.answer("1", "a/1", b"late")
        answers = [await record.answer("1", "b/1", b"done"), await record.answer("1", "b/1", b"done again")]
        await record.release("1", "b/1")
        afterwards = await record.claim("1", "c/1")
    assert claims[0] == claims[1]
    assert repr(taken) == "Taken(owner='a/1')"
    assert inherited[0] == inherited[1] != claims[0]
    assert late is None
    assert answers == [b"done", b"done"]
    assert repr(afterwards) == "Answered(response=b'done')"
