"""What becomes of a command that a dead connector had begun, where the back end can be asked."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager, nullcontext

import pytest
from redis.asyncio import Redis

from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry
from connectors.framework.executor import Executor
from connectors.framework.metrics import Metrics
from connectors.framework.outcome import Outcome
from connectors.framework.presence import Presence
from connectors.framework.rate import Rates
from connectors.framework.record import ExecutionRecord
from connectors.framework.wire import Wire
from schemas.codec import Codec
from tests.connectors.command_bench import QUICK, in_seconds


class Sender(Connector):
    """Its look-up says what the test says."""

    family = "messaging"

    def __init__(self, *found, lost_answers=0):
        self.found = list(found)
        self.lost_answers = lost_answers
        self.executed: Counter[str] = Counter()
        self.looked_up: Counter[str] = Counter()

    @command("SendMessage", look_up="sent", target=lambda _body, _context: "gateway")
    async def send_message(self, body: Body, context: Context) -> Outcome:
        self.executed[context.command_id] += 1
        if self.lost_answers:
            self.lost_answers -= 1
            raise Retry("unreachable", outcome="unknown")
        return Outcome.ok(by="execution")

    @command("SendChoices", look_up=lambda connector, body, context: connector.sent(body, context))
    async def send_choices(self, body: Body, context: Context) -> Outcome:
        return await self.send_message(body, context)

    @command("CheckImage", idempotent=True)
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
async def inheriting(redis_server, connector, settings=QUICK):
    """An executor of a connector that finds command 1 claimed by a dead one."""
    async with Redis.from_url(redis_server.url) as redis, Presence(redis, "alive:", settings.presence_seconds) as presence:
        record = ExecutionRecord(redis, "record:", 60)
        await record.claim("1", "the dead/1")
        rates = Rates(redis, "rate:", "messaging", settings.rate_table())
        yield Executor(connector, record, presence, rates=rates, wire=Wire(), settings=settings, metrics=Metrics())
        await record.close()


async def answer(executor, name="SendMessage", deadline=None):
    context = Context.of({"command_id": "1", "conversation_id": "c1", "deadline": deadline, "body": (f"smart_routing.{name}", {})})
    response = Codec().decode(await executor.execute(name, {}, context, nullcontext))[1]
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
        context = Context.of({"command_id": "2", "conversation_id": "c1", "deadline": None, "body": ("smart_routing.SendMessage", {})})
        await executor.execute("SendMessage", {}, context, nullcontext)
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
        context = Context.of({"command_id": "2", "conversation_id": "c1", "deadline": None, "body": ("smart_routing.SendMessage", {})})
        response = Codec().decode(await executor.execute("SendMessage", {}, context, nullcontext))[1]
    assert (response["outcome"], response["values"]) == ("ok", {"by": expected})
    assert (connector.executed, connector.looked_up) == ({"2": executed}, {"2": len(found)})


async def test_what_was_surely_not_done_and_is_not_let_through_is_not_unknown(redis_server):
    connector = Sender(None, lost_answers=1)
    settings = QUICK.model_copy(update={"breaker_failures": 1, "breaker_seconds": 30})
    async with inheriting(redis_server, connector, settings) as executor:
        envelope = {"command_id": "2", "conversation_id": "c1", "deadline": in_seconds(10), "body": ("smart_routing.SendMessage", {})}
        response = Codec().decode(await executor.execute("SendMessage", {}, Context.of(envelope), nullcontext))[1]
    assert (response["outcome"], response["reason"]) == ("error", "unreachable")
    assert (connector.executed, connector.looked_up) == ({"2": 1}, {"2": 1})


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
