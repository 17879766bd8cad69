"""Breaker and rate at work: what a connector with targets does to commands."""

import asyncio
import time
from collections import Counter
from itertools import pairwise

import pytest

from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry, StoreAway
from connectors.framework.outcome import UNKNOWN, Outcome
from tests.connectors.command_bench import QUICK, in_seconds, running, until
from tests.connectors.probe import Behaviour

HELLO = {"text": "hello"}


def _account(_body: Body, context: Context) -> str | None:
    match context.envelope["account"]:
        case "-":
            return None
        case "!":
            raise Refused("unknown_account")
        case "?":
            raise ZeroDivisionError
        case account:
            return str(account)


class Sender(Connector):
    """Its target is the account of the command."""

    family = "messaging"

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour
        self.executed: Counter[str] = Counter()
        self.times: list[tuple[str, float]] = []

    @command("SendMessage", idempotent=True, target=_account)
    async def send_message(self, body: Body, context: Context) -> Outcome:
        self.executed[context.command_id] += 1
        self.times.append((context.command_id, time.monotonic()))
        return (await self.behaviour(context) if self.behaviour else None) or Outcome.ok()


def settings(**changes):
    return QUICK.model_copy(update=changes)


async def never_answers(_context):
    raise Retry("unreachable")


async def test_a_target_that_does_not_answer_is_left_alone_and_others_are_not(bench):
    connector = Sender(never_answers)
    for number in range(40):
        bench.send("SendMessage", HELLO, command_id=f"bad-{number}", conversation=f"c{number}", account="bad", deadline=in_seconds(8))
    async with running(connector, bench.deployment, settings(breaker_failures=3, breaker_seconds=30, concurrency=1)):
        answers = await bench.answers(40)
        assert set(answers.values()) == {("error", "unreachable")}
        assert sum(connector.executed.values()) == 3, "an open breaker calls nothing"
        connector.behaviour = None
        bench.send("SendMessage", HELLO, command_id="good", conversation="c41", account="good")
        assert (await bench.answers(41))["good"] == ("ok", None)


async def test_commands_with_time_wait_until_the_target_is_back(bench):
    connector = Sender(never_answers)
    for number in range(20):
        bench.send("SendMessage", HELLO, command_id=str(number), conversation=f"c{number}", account="bad", deadline=in_seconds(30))
    async with running(connector, bench.deployment, settings(breaker_failures=2, breaker_seconds=0.5, concurrency=4)):
        await until(lambda: sum(connector.executed.values()) >= 7)
        connector.behaviour = None
        assert set((await bench.answers(20)).values()) == {("ok", None)}


async def test_what_the_target_refuses_opens_nothing(bench):
    async def refuses(_context):
        raise Refused("refused")

    connector = Sender(refuses)
    for number in range(20):
        bench.send("SendMessage", HELLO, command_id=str(number))
    async with running(connector, bench.deployment, settings(breaker_failures=2)):
        assert set((await bench.answers(20)).values()) == {("error", "refused")}
    assert sum(connector.executed.values()) == 20


async def test_a_store_of_ours_that_is_away_opens_nothing(bench):
    async def store_is_away(context):
        if connector.executed[context.command_id] == 1:
            raise StoreAway("The SQL store does not answer.")

    connector = Sender(store_is_away)
    for number in range(20):
        bench.send("SendMessage", HELLO, command_id=str(number), conversation=f"c{number}")
    async with running(connector, bench.deployment, settings(breaker_failures=2, breaker_seconds=30)):
        assert set((await bench.answers(20)).values()) == {("ok", None)}


async def test_a_store_of_ours_that_is_away_settles_nothing_that_an_earlier_try_left_open(bench):
    async def answer_is_lost_then_store_is_away(context):
        if connector.executed[context.command_id] == 1:
            raise Retry("unreachable", outcome=UNKNOWN)
        raise StoreAway("The SQL store does not answer.")

    connector = Sender(answer_is_lost_then_store_is_away)
    bench.send("SendMessage", HELLO, command_id="1", deadline=in_seconds(2))
    async with running(connector, bench.deployment, settings(breaker_failures=100)):
        assert await bench.answers(1) == {"1": (UNKNOWN, "unreachable")}
    assert connector.executed["1"] >= 2


async def test_a_target_may_be_none_or_refused_or_fail_to_be_named(bench):
    connector = Sender()
    for account in "-!?x":
        bench.send("SendMessage", HELLO, command_id=account, account=account)
    async with running(connector, bench.deployment, settings(rate_per_second=1000)):
        answers = await bench.answers(4)
    assert answers == {"-": ("ok", None), "!": ("error", "unknown_account"), "?": ("error", "connector_fault"), "x": ("ok", None)}
    assert set(connector.executed) == {"-", "x"}


async def test_a_rate_is_kept_and_the_order_of_a_conversation_too(bench):
    connector = Sender()
    for number in range(12):
        bench.send("SendMessage", HELLO, command_id=str(number))
    async with running(connector, bench.deployment, settings(rate_per_second=20)):
        assert set((await bench.answers(12)).values()) == {("ok", None)}
    assert [name for name, _ in connector.times] == [str(number) for number in range(12)]
    assert connector.times[-1][1] - connector.times[0][1] >= 0.5


async def test_two_connectors_keep_to_one_rate(bench):
    first, second = Sender(), Sender()
    one_rate = settings(rate_per_second=20)
    async with running(first, bench.deployment, one_rate), running(second, bench.deployment, one_rate):
        for number in range(40):
            bench.send("SendMessage", HELLO, command_id=str(number), conversation=f"c{number}")
        await until(lambda: len(first.executed + second.executed) == 40)
    assert first.times
    assert second.times
    times = sorted(at for _, at in first.times + second.times)
    assert times[-1] - times[0] >= 39 / 20 * 0.95


async def test_who_waits_for_a_turn_holds_nobody_up(bench):
    connector = Sender()
    for number in range(10):
        bench.send("SendMessage", HELLO, command_id=f"slow-{number}", conversation=f"s{number}", account="slow", deadline=in_seconds(60))
    async with running(connector, bench.deployment, settings(rate_per_second=1, concurrency=1)):
        await until(lambda: connector.executed)
        bench.send("SendMessage", HELLO, command_id="fast", conversation="f", account="fast")
        await until(lambda: connector.executed["fast"])
        assert sum(connector.executed.values()) <= 5, "with one slot, nine that wait would have kept it for nine seconds"


async def test_a_turn_past_the_deadline_is_answered_at_once(bench):
    connector, began = Sender(), time.monotonic()
    for number in range(5):
        bench.send("SendMessage", HELLO, command_id=str(number), conversation=f"c{number}", deadline=in_seconds(20))
    async with running(connector, bench.deployment, settings(rate_per_second=0.01)):
        answers = await bench.answers(5)
    assert sorted(answers.values(), key=str) == [("error", "timeout")] * 4 + [("ok", None)]
    assert time.monotonic() - began < 19
    assert sum(connector.executed.values()) == 1


async def test_a_repeated_command_needs_no_turn(bench):
    connector = Sender()
    async with running(connector, bench.deployment, settings(rate_per_second=0.01)):
        for _ in range(3):
            bench.send("SendMessage", HELLO, command_id="1", deadline=in_seconds(60))
        assert [answer["outcome"] for answer in await bench.responses(3)] == ["ok"] * 3
    assert connector.executed == {"1": 1}


async def test_stopping_does_not_wait_for_a_turn_and_the_next_connector_does_the_rest(bench):
    first, second = Sender(), Sender()
    for number in range(4):
        bench.send("SendMessage", HELLO, command_id=str(number), conversation=f"c{number}")
    async with asyncio.timeout(15):
        async with running(first, bench.deployment, settings(rate_per_second=0.02, retry_seconds_without_deadline=1_000)):
            await until(lambda: first.executed)
    async with running(second, bench.deployment):
        assert set((await bench.answers(4)).values()) == {("ok", None)}
    assert set((first.executed + second.executed).values()) == {1}


async def test_a_try_after_retry_takes_another_turn(bench):
    async def busy_at_first(context):
        if connector.executed[context.command_id] == 1:
            raise Retry("busy")

    connector = Sender(busy_at_first)
    bench.send("SendMessage", HELLO, command_id="1")
    async with running(connector, bench.deployment, settings(rate_per_second=2)):
        assert await bench.answers(1) == {"1": ("ok", None)}
    (_, first), (_, second) = connector.times
    assert second - first >= 0.45


@pytest.mark.parametrize("after", [0.25, None])
async def test_retry_after_is_waited_for_to_its_end(bench, after):
    async def busy_at_first(context):
        if connector.executed[context.command_id] < 4:
            raise Retry("busy", after)

    connector = Sender(busy_at_first)
    bench.send("SendMessage", HELLO, command_id="1")
    async with running(connector, bench.deployment, settings(retry_initial_seconds=0.1, retry_longest_seconds=10)):
        assert await bench.answers(1) == {"1": ("ok", None)}
    times = [at for _, at in connector.times]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    least = [0.1, 0.2, 0.4] if after is None else [0.25] * 3
    assert all(found >= wanted for found, wanted in zip(pauses, least, strict=True)), pauses
