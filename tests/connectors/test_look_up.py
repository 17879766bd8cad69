"""What becomes of a command that a dead connector had begun, where the back end can be asked."""

import asyncio
import time
from collections import Counter
from contextlib import asynccontextmanager, nullcontext

import pytest
from redis.asyncio import Redis

from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry, StoreAway
from connectors.framework.executor import Executor
from connectors.framework.metrics import Metrics
from connectors.framework.outcome import Outcome
from connectors.framework.presence import Presence
from connectors.framework.rate import Rates
from connectors.framework.record import ExecutionRecord
from connectors.framework.wire import Wire
from schemas.codec import Codec
from tests.connectors.command_bench import QUICK, in_seconds, until
from tests.connectors.probe import Probe


class Sender(Connector):
    """Its look-up says what the test says."""

    family = "messaging"

    def __init__(self, *found, lost_answers=0, store_is_away=False):
        self.found = list(found)
        self.lost_answers = lost_answers
        self.store_is_away = store_is_away
        self.executed: Counter[str] = Counter()
        self.times: list[float] = []
        self.looked_up: Counter[str] = Counter()

    @command("SendMessage", look_up="sent", target=lambda _body, _context: "gateway")
    async def send_message(self, body: Body, context: Context) -> Outcome:
        self.executed[context.command_id] += 1
        self.times.append(time.monotonic())
        if self.store_is_away:
            raise StoreAway("The store does not answer.")
        if self.lost_answers:
            self.lost_answers -= 1
            raise Retry("unreachable", outcome="unknown")
        return Outcome.ok(by="execution")

    @command("SendChoices", look_up=lambda connector, body, context: connector.sent(body, context))
    async def send_choices(self, body: Body, context: Context) -> Outcome:
        return await self.send_message(body, context)

    @command("CheckImage", idempotent=True, failure="not_ok", target=lambda _body, _context: "gateway")
    async def check_image(self, body: Body, context: Context) -> Outcome:
        return await self.send_message(body, context)

    async def sent(self, body: Body, context: Context) -> Outcome | None:
        self.looked_up[context.command_id] += 1
        found = self.found.pop(0)
        if isinstance(found, Exception):
            raise found
        if found is ...:
            await asyncio.Event().wait()
        assert found is None or isinstance(found, Outcome)
        return found


@asynccontextmanager
async def executing(redis_server, connector, settings=QUICK):
    """An executor of a connector."""
    async with Redis.from_url(redis_server.url) as redis, Presence(redis, "alive:", settings.presence_seconds) as presence:
        record = ExecutionRecord(redis, "record:", 60)
        rates = Rates(redis, "rate:", "messaging", settings.rate_table())
        yield Executor(connector, record, presence, rates=rates, wire=Wire(), settings=settings, metrics=Metrics())
        await record.close()


@asynccontextmanager
async def inheriting(redis_server, connector, settings=QUICK):
    """An executor of a connector that finds command 1 claimed by a dead one."""
    async with Redis.from_url(redis_server.url) as redis:
        record = ExecutionRecord(redis, "record:", 60)
        await record.claim("1", "the dead/1")
        await record.close()
    async with executing(redis_server, connector, settings) as executor:
        yield executor


async def answer(executor, name="SendMessage", deadline=None, command_id="1"):
    envelope = {"command_id": command_id, "conversation_id": "c1", "deadline": deadline, "body": (f"smart_routing.{name}", {})}
    response = Codec().decode(await executor.execute(name, {}, Context.of(envelope), nullcontext))[1]
    return response["outcome"], response["reason"], response["values"]


@pytest.mark.parametrize("name", ["SendMessage", "SendChoices"])
async def test_what_was_done_is_answered_as_it_was_done(redis_server, name):
    connector = Sender(Outcome.ok(by="the dead"))
    async with inheriting(redis_server, connector) as executor:
        assert await answer(executor, name) == ("ok", None, {"by": "the dead"})
        assert await answer(executor, name) == ("ok", None, {"by": "the dead"}), "recorded, and not looked up again"
    assert (connector.executed, connector.looked_up) == ({}, {"1": 1})


async def test_what_was_surely_not_done_is_done_now(redis_server):
    connector = Sender(None)
    async with inheriting(redis_server, connector) as executor:
        assert await answer(executor) == ("ok", None, {"by": "execution"})
    assert (connector.executed, connector.looked_up) == ({"1": 1}, {"1": 1})


async def test_what_cannot_be_told_now_is_looked_up_again(redis_server):
    connector = Sender(Retry("unreachable"), Retry("unreachable"), Outcome.ok(by="the dead"))
    async with inheriting(redis_server, connector) as executor:
        assert await answer(executor) == ("ok", None, {"by": "the dead"})
    assert (connector.executed, connector.looked_up) == ({}, {"1": 3})


async def test_what_cannot_be_told_in_time_is_unknown(redis_server):
    connector = Sender(*[Retry("unreachable")] * 1_000)
    async with inheriting(redis_server, connector) as executor:
        assert await answer(executor, deadline=in_seconds(0.5)) == ("unknown", "interrupted", {})
    assert not connector.executed


@pytest.mark.parametrize("fault", [ZeroDivisionError(), Refused("refused"), ...])
async def test_a_look_up_that_fails_or_hangs_leaves_it_unknown(redis_server, fault):
    connector = Sender(fault)
    async with inheriting(redis_server, connector, QUICK.model_copy(update={"look_up_seconds": 0.3})) as executor:
        assert await answer(executor, deadline=in_seconds(0.4)) == ("unknown", "interrupted", {})
    assert not connector.executed


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Outcome.ok(by="the dead"), ("ok", None, {"by": "the dead"})),
        (None, ("error", "timeout", {})),
        (Retry("x"), ("unknown", "interrupted", {})),
    ],
)
async def test_past_the_deadline_it_is_looked_up_and_never_executed(redis_server, found, expected):
    connector = Sender(found)
    async with inheriting(redis_server, connector) as executor:
        assert await answer(executor, deadline=in_seconds(-5)) == expected
    assert (connector.executed, connector.looked_up) == ({}, {"1": 1})


async def test_past_the_deadline_nobody_knows_of_a_command_that_could_only_be_repeated(redis_server):
    connector = Sender()
    async with inheriting(redis_server, connector) as executor:
        assert await answer(executor, "CheckImage", in_seconds(-5)) == ("unknown", "interrupted", {})
    assert not connector.executed


async def test_a_command_that_nobody_had_begun_is_not_looked_up(redis_server):
    connector = Sender()
    async with inheriting(redis_server, connector) as executor:
        await answer(executor, command_id="2")
    assert (connector.executed, connector.looked_up) == ({"2": 1}, {})


@pytest.mark.parametrize(
    ("found", "executed", "expected"),
    [
        ([Outcome.ok(by="the lost answer")], 1, "the lost answer"),
        ([Retry("unreachable"), Outcome.ok(by="the lost answer")], 1, "the lost answer"),
        ([None], 2, "execution"),
    ],
)
async def test_where_the_answer_was_lost_the_back_end_is_asked_before_another_try(redis_server, found, executed, expected):
    connector = Sender(*found, lost_answers=1)
    async with inheriting(redis_server, connector) as executor:
        assert await answer(executor, command_id="2") == ("ok", None, {"by": expected})
    assert (connector.executed, connector.looked_up) == ({"2": executed}, {"2": len(found)})


async def test_what_was_surely_not_done_and_is_not_let_through_is_not_unknown(redis_server):
    connector = Sender(None, lost_answers=1)
    settings = QUICK.model_copy(update={"breaker_failures": 1, "breaker_seconds": 30})
    async with inheriting(redis_server, connector, settings) as executor:
        assert await answer(executor, deadline=in_seconds(10), command_id="2") == ("error", "unreachable", {})
    assert (connector.executed, connector.looked_up) == ({"2": 1}, {"2": 1})


async def test_a_store_of_ours_that_is_away_does_not_tell_that_a_command_was_not_done(redis_server):
    connector = Sender(store_is_away=True)
    async with inheriting(redis_server, connector) as executor:
        assert await answer(executor, "CheckImage", in_seconds(0.5)) == ("unknown", "unreachable", {})
        assert await answer(executor, "CheckImage", in_seconds(0.5), "2") == ("not_ok", "unreachable", {}), "nobody had begun this one"


async def test_a_command_is_known_to_be_begun_between_two_tries_of_which_the_first_lost_its_answer(redis_server):
    """The connector is killed in the pause, and the next one comes after the deadline."""
    first, second = Sender(lost_answers=1), Sender()
    slow = QUICK.model_copy(update={"retry_initial_seconds": 60, "retry_longest_seconds": 60})
    async with executing(redis_server, first, slow) as executor:
        trying = asyncio.create_task(answer(executor, "CheckImage", in_seconds(600)))
        await until(lambda: first.executed and not executor.executing)
        trying.cancel()
        await asyncio.wait([trying])
    async with executing(redis_server, second) as executor:
        assert await answer(executor, "CheckImage", in_seconds(-1)) == ("unknown", "interrupted", {})
    assert not second.executed


async def test_a_command_that_can_be_neither_repeated_nor_looked_up_is_not_tried_again_after_a_lost_answer(redis_server):
    async def loses_its_answer(_context):
        raise Retry("unreachable", outcome="unknown")

    connector = Probe(loses_its_answer)
    async with executing(redis_server, connector) as executor:
        assert await answer(executor, deadline=in_seconds(10)) == ("unknown", "interrupted", {})
    assert connector.executed == {"1": 1}


@pytest.mark.parametrize(("name", "found"), [("SendMessage", [None]), ("CheckImage", [])])
async def test_who_inherits_a_command_keeps_to_the_rate(redis_server, name, found):
    connector = Sender(*found)
    async with inheriting(redis_server, connector, QUICK.model_copy(update={"rate_per_second": 2})) as executor:
        for command_id in ("2", "1"):
            assert await answer(executor, name, in_seconds(10), command_id) == ("ok", None, {"by": "execution"})
    assert connector.times[1] - connector.times[0] >= 0.45


async def test_a_command_found_past_its_deadline_has_the_outcome_of_its_failures(redis_server):
    connector = Sender()
    async with executing(redis_server, connector) as executor:
        assert await answer(executor, "CheckImage", in_seconds(-1)) == ("not_ok", "timeout", {})
    assert not connector.executed


def test_a_look_up_that_is_not_there_is_refused_with_the_class():
    with pytest.raises(TypeError, match="expected a look-up was_sent, found no such method"):

        class Wrong(Connector):
            family = "messaging"

            @command("SendMessage", look_up="was_sent")
            async def send_message(self, body: Body, context: Context) -> Outcome:
                return Outcome.ok()


def test_a_command_that_may_be_repeated_has_no_look_up():
    with pytest.raises(TypeError, match="found both"):
        command("SendMessage", idempotent=True, look_up="sent")
