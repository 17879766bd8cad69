"""The framework on a real Kafka and a real Redis."""

import asyncio
import random

import pytest
from redis.asyncio import Redis

from connectors.framework.errors import Refused, Retry
from connectors.framework.executor import LARGEST_RESPONSE_BYTES
from connectors.framework.outcome import Outcome
from connectors.framework.runner import ConnectorRunner, TakenOver
from schemas.topics import partition_of
from tests.connectors.command_bench import QUICK, in_seconds, running, until
from tests.connectors.probe import Probe

HELLO = {"text": "hello"}
TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_a_command_is_executed_and_answered_under_its_conversations_key(bench):
    bench.send("SendMessage", HELLO, command_id="1", conversation="c7", headers={"traceparent": TRACE, "other": b"x"})
    async with running(Probe(), bench.deployment):
        (record,) = await bench.records(bench.deployment.topics.responses, 1)
    answer = bench.codec.decode(record.value())[1]
    assert (answer["command_id"], answer["connector"], answer["outcome"], answer["values"]) == ("1", "messaging", "ok", {"times": "1"})
    assert record.key() == b"c7"
    assert record.partition() == partition_of(b"c7", 2)
    ((name, value),) = record.headers()
    assert (name, value[:36], value[52:]) == ("traceparent", TRACE[:36], b"-01")
    assert value[36:52] != TRACE[36:52], "the answer's span is the connector's own"


async def test_a_repeated_command_is_answered_from_the_record_byte_for_byte(bench):
    probe = Probe()
    async with running(probe, bench.deployment):
        for _ in range(3):
            bench.send("SendMessage", HELLO, command_id="1")
        records = await bench.records(bench.deployment.topics.responses, 3)
    assert len({record.value() for record in records}) == 1
    assert probe.executed == {"1": 1}


async def test_a_repeated_command_is_answered_from_the_record_by_the_next_connector_and_past_its_deadline(bench):
    bench.send("SendMessage", HELLO, command_id="1")
    async with running(Probe(), bench.deployment):
        await bench.responses(1)
    second = Probe()
    bench.send("SendMessage", HELLO, command_id="1", deadline=in_seconds(-1))
    async with running(second, bench.deployment):
        answers = await bench.responses(2)
    assert [answer["outcome"] for answer in answers] == ["ok", "ok"]
    assert not second.executed


async def test_commands_of_a_conversation_stay_in_order_while_others_run_beside_them(bench):
    draw = random.Random(1)

    async def take_some_time(context):
        await asyncio.sleep(draw.random() / 100)

    probe = Probe(take_some_time)
    sent = {f"c{conversation}": [f"{conversation}-{number}" for number in range(20)] for conversation in range(10)}
    for number in range(20):
        for conversation, ids in sent.items():
            bench.send("SendMessage", HELLO, command_id=ids[number], conversation=conversation)
    async with running(probe, bench.deployment, QUICK.model_copy(update={"concurrency": 4})):
        await bench.responses(200)
    assert probe.order == sent
    assert probe.most_at_once == 4


async def test_no_more_commands_are_read_than_may_be_unfinished(bench):
    gate = asyncio.Event()

    async def wait(context):
        await gate.wait()

    probe = Probe(wait)
    for number in range(30):
        bench.send("SendMessage", HELLO, command_id=str(number), conversation=f"c{number}")
    async with running(probe, bench.deployment, QUICK.model_copy(update={"unfinished_limit": 5})):
        await until(lambda: sum(probe.executed.values()) == 5)
        gate.set()
        await bench.responses(30)
    assert probe.most_at_once == 5


async def test_nothing_past_the_oldest_unfinished_command_is_committed(bench):
    gate = asyncio.Event()

    async def hold_the_first(context):
        if context.command_id == "0":
            await gate.wait()

    conversations = [name for number in range(20) if partition_of((name := f"c{number}").encode(), 2) == 0][:6]
    for number, conversation in enumerate(conversations):
        bench.send("SendMessage", HELLO, command_id=str(number), conversation=conversation)
    async with running(Probe(hold_the_first), bench.deployment):
        await bench.responses(5)
        await asyncio.sleep(QUICK.commit_interval_seconds * 3)  # what is wrongly committed would be by now
        assert bench.committed().get(0, 0) == 0
        gate.set()
        await bench.responses(6)
        await until(lambda: bench.committed().get(0) == 6)


async def test_a_command_found_past_its_deadline_is_not_executed(bench):
    probe = Probe()
    bench.send("SendMessage", HELLO, command_id="late", deadline=in_seconds(-0.1))
    bench.send("SendMessage", HELLO, command_id="year 1", conversation="c2", deadline=-62_135_596_800_000)
    bench.send("SendMessage", HELLO, command_id="year 9999", conversation="c3", deadline=253_402_300_799_999)
    async with running(probe, bench.deployment):
        answers = await bench.answers(3)
    assert answers == {"late": ("error", "timeout"), "year 1": ("error", "timeout"), "year 9999": ("ok", None)}
    assert probe.executed == {"year 9999": 1}


async def test_a_command_that_runs_into_its_deadline_is_cut_and_answered_timeout(bench):
    async def never(context):
        await asyncio.Event().wait()

    bench.send("SendMessage", HELLO, command_id="1", deadline=in_seconds(1))
    async with running(Probe(never), bench.deployment):
        assert await bench.answers(1) == {"1": ("error", "timeout")}


async def test_retry_is_tried_again_until_it_works(bench):
    async def works_at_the_third_try(context):
        if probe.executed[context.command_id] < 3:
            raise Retry("busy")

    probe = Probe(works_at_the_third_try)
    bench.send("SendMessage", HELLO, command_id="1")
    bench.send("SendMessage", HELLO, command_id="2")
    async with running(probe, bench.deployment):
        assert await bench.answers(2) == {"1": ("ok", None), "2": ("ok", None)}
    assert probe.order["c1"] == ["1", "1", "1", "2", "2", "2"]


async def test_retry_that_would_come_after_the_deadline_is_answered_with_its_reason_at_once(bench):
    async def wants_an_hour(context):
        raise Retry("busy", after=3600, detail="Come back later.")

    probe = Probe(wants_an_hour)
    bench.send("SendMessage", HELLO, command_id="1", deadline=in_seconds(60))
    async with running(probe, bench.deployment):
        (answer,) = await bench.responses(1)
    assert (answer["outcome"], answer["reason"], answer["detail"]) == ("error", "busy", "Come back later.")
    assert probe.executed == {"1": 1}


async def test_retry_ends_at_the_deadline(bench):
    async def never_works(context):
        raise Retry("busy")

    probe = Probe(never_works)
    bench.send("SendMessage", HELLO, command_id="1", deadline=in_seconds(1))
    async with running(probe, bench.deployment):
        assert await bench.answers(1) == {"1": ("error", "busy")}
    assert probe.executed["1"] > 1


async def test_a_command_without_a_deadline_is_not_tried_for_ever(bench):
    async def never_works(context):
        raise Retry("busy")

    bench.send("SendMessage", HELLO, command_id="1")
    async with running(Probe(never_works), bench.deployment, QUICK.model_copy(update={"retry_seconds_without_deadline": 0.3})):
        assert await bench.answers(1) == {"1": ("error", "busy")}


async def test_refused_is_answered_and_not_tried_again(bench):
    async def refuses(context):
        raise Refused("not_allowed", outcome=None if context.command_id == "1" else "elsewhere")

    probe = Probe(refuses)
    bench.send("SendMessage", HELLO, command_id="1")
    bench.send("SendMessage", HELLO, command_id="2")
    async with running(probe, bench.deployment):
        assert await bench.answers(2) == {"1": ("error", "not_allowed"), "2": ("elsewhere", "not_allowed")}
    assert probe.executed == {"1": 1, "2": 1}


async def test_a_fault_of_the_connector_is_answered_and_stops_nothing(bench):
    async def fails(context):
        match context.command_id:
            case "raises":
                raise ZeroDivisionError
            case "times out by itself":
                raise TimeoutError
            case "no text":
                return Outcome("ok", values={"number": 1})  # type: ignore[dict-item]  # the fault that is meant
            case "too large":
                return Outcome.ok(text="x" * LARGEST_RESPONSE_BYTES)

    ids = ["raises", "times out by itself", "no text", "too large", "fine"]
    for command_id in ids:
        bench.send("SendMessage", HELLO, command_id=command_id)
    async with running(Probe(fails), bench.deployment):
        answers = await bench.answers(5)
    assert [answers[command_id] for command_id in ids] == [
        ("error", "connector_fault"),
        ("error", "connector_fault"),
        ("error", "connector_fault"),
        ("error", "too_large"),
        ("ok", None),
    ]


async def test_a_command_that_the_connector_does_not_know_is_answered(bench):
    choices = {"text": "?", "choices": [], "limits": {"buttons": 0, "button_length": 0, "list_items": 0, "list_item_length": 0}}
    bench.send("SendChoices", choices, command_id="1")
    async with running(Probe(), bench.deployment):
        (answer,) = await bench.responses(1)
    assert (answer["outcome"], answer["reason"]) == ("error", "unsupported_command")
    assert "SendChoices" in answer["detail"]


async def test_what_cannot_be_decoded_is_buried_and_the_partition_goes_on(bench):
    response = bench.codec.encode("response", {"command_id": "1", "connector": "x", "outcome": "ok", "values": {}, "answered_at": 0})
    bad = [
        None,
        b"",
        b"{}",
        b"\x00\x00\x00\xff\xffxx",
        bench.codec.encode("tick", {"ticked_at": 0, "ticker": "t"})[:5],
        response,
        b"\x00" * 900_000,
    ]
    for value in bad:
        bench.send_bytes(value, headers={"traceparent": b"00-1-2-01"})
    bench.send("SendMessage", HELLO, command_id="fine")
    async with running(Probe(), bench.deployment):
        assert await bench.answers(1) == {"fine": ("ok", None)}
        letters = await bench.dead_letters(len(bad))
        await until(lambda: sum(bench.committed().values()) == len(bad) + 1)
    assert [letter["reason"] for letter in letters] == [
        "no_value",
        "not_confluent",
        "not_confluent",
        "unknown_schema",
        "undecodable",
        "unexpected_schema",
        "unknown_schema",
    ]
    assert [letter["value"] for letter in letters] == bad
    assert {(letter["topic"], letter["key"], letter["engine"]) for letter in letters} == {
        ("commands.messaging", b"c1", "connectors.messaging")
    }
    assert [letter["offset"] for letter in letters] == list(range(len(bad)))
    assert letters[0]["headers"] == [{"name": "traceparent", "value": b"00-1-2-01"}]
    assert letters[5]["detail"] == "expected a messaging_command, found a response"


async def test_stopping_lets_what_is_under_way_end_and_leaves_the_rest_to_the_next(bench):
    gate = asyncio.Event()

    async def wait(context):
        await gate.wait()

    first, second = Probe(wait), Probe()
    for command_id in ("1", "2", "3"):
        bench.send("SendMessage", HELLO, command_id=command_id)
    async with running(first, bench.deployment):
        await until(lambda: first.executed["1"])
        asyncio.get_running_loop().call_later(0.2, gate.set)
    assert first.closed
    assert first.executed == {"1": 1}
    assert sum(bench.committed().values()) == 1
    async with running(second, bench.deployment):
        assert await bench.answers(3) == {"1": ("ok", None), "2": ("ok", None), "3": ("ok", None)}
    assert second.executed == {"2": 1, "3": 1}


async def test_stopping_does_not_wait_for_a_pause_between_two_tries(bench):
    async def wants_an_hour(context):
        raise Retry("busy", after=60)

    first, second = Probe(wants_an_hour), Probe()
    bench.send("SendMessage", HELLO, command_id="1")
    async with running(first, bench.deployment):
        await until(lambda: first.executed["1"])
    async with running(second, bench.deployment):
        assert await bench.answers(1) == {"1": ("ok", None)}, "a pause claims nothing: the next connector executes the command"


@pytest.mark.parametrize(("name", "outcome"), [("SendMessage", ("unknown", "interrupted")), ("CheckImage", ("ok", None))])
async def test_a_command_cut_off_at_the_end_of_the_drain_is_run_again_only_where_it_is_idempotent(bench, name, outcome):
    async def never(context):
        await asyncio.Event().wait()

    first, second = Probe(never), Probe()
    bench.send(name, HELLO if name == "SendMessage" else {"url": "https://x/"}, command_id="1")
    async with running(first, bench.deployment, QUICK.model_copy(update={"drain_seconds": 0.1})):
        await until(lambda: first.executed["1"])
    async with running(second, bench.deployment):
        assert await bench.answers(1) == {"1": outcome}
    assert second.executed["1"] == (1 if name == "CheckImage" else 0)


async def test_a_rebalance_moves_partitions_and_executes_nothing_twice(bench):
    async def take_some_time(context):
        await asyncio.sleep(0.01)

    first, second = Probe(take_some_time), Probe(take_some_time)
    ids = [str(number) for number in range(300)]
    async with running(first, bench.deployment, QUICK.model_copy(update={"concurrency": 4})):
        for command_id in ids:
            bench.send("SendMessage", HELLO, command_id=command_id, conversation=f"c{int(command_id) % 40}")
        await until(lambda: first.executed)
        async with running(second, bench.deployment):
            await until(lambda: len(first.executed + second.executed) == len(ids))
    assert second.executed
    assert set((first.executed + second.executed).values()) == {1}


async def test_what_a_rebalance_cuts_off_is_not_left_to_a_connector_that_lives_and_has_it_no_more(bench):
    async def never_ends_at_first(context):
        if sum(probe.executed[context.command_id] for probe in (first, second)) == 1:
            await asyncio.Event().wait()

    first, second = Probe(never_ends_at_first), Probe(never_ends_at_first)
    ids = [str(number) for number in range(8)]
    settings = QUICK.model_copy(update={"drain_seconds": 0.1})
    for command_id in ids:
        bench.send("CheckImage", {"url": "https://x/"}, command_id=command_id, conversation=f"c{command_id}")
    async with running(first, bench.deployment, settings):
        await until(lambda: len(first.executed) == len(ids))
        async with running(second, bench.deployment, settings):
            assert await bench.answers(len(ids)) == dict.fromkeys(ids, ("ok", None))
    assert set((first.executed + second.executed).values()) == {2}
    assert second.executed


async def test_redis_that_goes_away_holds_commands_up_and_loses_none(bench, redis_server):
    probe = Probe()
    async with running(probe, bench.deployment):
        bench.send("SendMessage", HELLO, command_id="1")
        await bench.responses(1)
        redis_server.stop()
        bench.send("SendMessage", HELLO, command_id="2")
        await asyncio.sleep(0.5)
        assert not probe.executed["2"], "without the record nobody can tell whether it was executed"
        redis_server.start()
        assert (await bench.answers(2))["2"] == ("ok", None)
    assert probe.executed == {"1": 1, "2": 1}


async def test_a_connector_that_was_taken_for_dead_begins_anew_and_lets_nothing_overtake(bench):
    gate = asyncio.Event()

    async def wait(context):
        await gate.wait()

    probe, stop = Probe(wait), asyncio.Event()
    for command_id in ("1", "2"):
        bench.send("SendMessage", HELLO, command_id=command_id)
    task = asyncio.create_task(ConnectorRunner(probe, bench.deployment, QUICK).run(stop))
    await until(lambda: probe.executed)
    async with Redis.from_url(bench.deployment.redis_url) as redis:
        await redis.hset(f"{bench.deployment.topic_prefix}commands.messaging:1", "owner", "another/1")
    gate.set()
    with pytest.raises(TakenOver):
        await task
    assert probe.executed == {"1": 1}, "the second belongs behind what the other one is at"
    assert sum(bench.committed().values()) == 0
