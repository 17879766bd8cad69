"""The partition processor on a real Kafka."""

import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from confluent_kafka import Producer

from processor.actions import action_types
from processor.engine.action import Action
from processor.engine.outcome import Outcome, Taken
from processor.engine.visit import Visit
from processor.runtime.dead_letters import read_dead_letters, redrive
from processor.runtime.definition_reader import DefinitionReader
from processor.runtime.replay import Replay
from processor.runtime.topic_log import read_topic
from schemas.topics import partition_of
from tests.runtime.worker_bench import ENTRY, WorkerBench, flow

GREETING = flow({"greet": {"type": "simple_message", "message": "Hello {{ customer.name }}", "links": {"ok": "end"}}})

ASK = {
    "type": "message_awaiting_response",
    "message": "",
    "maximum_response_wait_time_sec": 600,
    "maximum_number_of_response_attempts": 3,
    "default_error_message": "Digits, please.",
    "questions": [{"question_content": "Number?", "variable_type": "number", "variable": "order", "field": "number"}],
    "links": {"ok": "end", "error": "end", "maximum_attempts_reached": "end", "response_time_exceeded": "end"},
}
VARIABLES = {"order": {"number": "number", "status": "text"}}

SERVICE = {
    "kind": "web_service",
    "id": "status",
    "reference": "status",
    "url": "https://orders.example.com/status",
    "outputs": {"status": {"path": "$.status"}},
}
CALL = {
    "type": "web_service",
    "web_service": {"reference": "status"},
    "synchronous": True,
    "timeout": 2,
    "variables": [{"response_field": "status", "variable": "order", "field": "status"}],
    "links": {"ok": "end", "not_ok": "end"},
}


class Explode(Action):
    """Fail, as an engine with a fault would."""

    type = "explode"
    section = "99"
    branches = ("ok",)
    failure = "ok"

    def apply(self, visit: Visit) -> Outcome:
        if visit.interaction.message.text == "boom":
            raise ZeroDivisionError("a fault of ours")
        return Taken("ok")


class Mended(Explode):
    """The same, mended."""

    def apply(self, visit: Visit) -> Outcome:
        return Taken("ok")


def replayed_without_difference(bench: WorkerBench, types: Mapping[str, type[Action]] | None = None) -> bool:
    reader = DefinitionReader(bench.deployment, bench.codec, types or bench.types)
    reader.catch_up(30)
    reader.close()
    found = list(Replay(reader.log, bench.codec).run(read_topic(bench.deployment, bench.topics.journal)))
    assert [one.difference for one in found if one.difference is not None] == []
    return bool(found)


def test_a_message_opens_an_interaction_and_is_answered(bench: WorkerBench) -> None:
    bench.publish(GREETING, ENTRY)
    bench.start()
    bench.write("ada", "1", "hi", name="Ada")
    [record] = bench.await_journal(1)
    assert (record["opened"], record["ended"]) == (True, "completed")
    assert bench.steps("ada") == [("start", "ok", None), ("greet", "ok", None)]
    assert bench.texts() == ["Hello Ada"]
    assert replayed_without_difference(bench)


def test_a_message_delivered_again_has_no_further_effect(bench: WorkerBench) -> None:
    bench.publish(GREETING, ENTRY)
    bench.start()
    for _ in range(3):
        bench.write("ada", "1", "hi")
    records = bench.await_journal(3)
    assert [record["disposition"] for record in records] == ["applied", "duplicate", "duplicate"]
    assert len(bench.texts()) == 1


def test_a_worker_with_an_empty_folder_restores_its_state_from_the_changelog(bench: WorkerBench) -> None:
    bench.publish(flow({"ask": ASK}, VARIABLES), ENTRY)
    bench.start()
    bench.write("ada", "1", "hi")
    bench.write("bob", "1", "hi")
    bench.await_journal(2)
    bench.stop()
    shutil.rmtree(bench.folder / "a")
    bench.start()
    bench.write("ada", "2", "42")
    bench.write("bob", "1", "hi")
    bench.await_journal(4)
    assert bench.steps("ada")[-1] == ("ask", "ok", None)
    assert [record["disposition"] for record in bench.journal("bob")] == ["applied", "duplicate"]
    assert replayed_without_difference(bench)


def test_another_worker_goes_on_where_the_first_stopped(bench: WorkerBench) -> None:
    bench.publish(flow({"ask": ASK}, VARIABLES), ENTRY)
    bench.start("a")
    bench.write("ada", "1", "hi")
    bench.await_journal(1)
    bench.stop()
    bench.start("b")
    bench.write("ada", "2", "42")
    bench.await_journal(2)
    assert bench.steps("ada")[-1] == ("ask", "ok", None)


def test_a_local_store_that_is_ahead_of_the_changelog_is_rebuilt(bench: WorkerBench, deployment: Any) -> None:
    bench.publish(GREETING, ENTRY)
    bench.start()
    for number in range(20):
        bench.write(f"customer {number}", "1", "hi")
    bench.await_journal(20)
    bench.stop()
    other = WorkerBench(deployment(), bench.folder)
    for number in range(2):
        (bench.folder / "a" / f"{bench.deployment.topic_prefix}{number}").rename(
            bench.folder / "a" / f"{other.deployment.topic_prefix}{number}"
        )
    other.publish(GREETING, ENTRY)
    other.start()
    other.write("customer 1", "1", "hi")
    [record] = other.await_journal(1)
    other.stop()
    assert record["opened"], "the other deployment's conversation was taken for this one's"


def test_a_backlog_is_applied_in_the_order_in_which_it_happened(bench: WorkerBench) -> None:
    """A worker that was down while answers and ticks piled up takes the answer that was sent in time, and silence where it came late."""
    bench.publish(flow({"call": CALL}, VARIABLES), SERVICE, ENTRY)
    bench.start()
    for address in ("in time", "late", "never"):
        bench.write(address, "1", "hi")
    bench.await_journal(3)
    commands = {datum["conversation_id"]: datum for datum in bench.read("commands.web_service")}
    bench.stop()

    bench.answer(commands[bench.conversation("in time")]["command_id"], values={"status": "sent"})
    deadline = max(command["deadline"] for command in commands.values())
    while time.time() * 1000 <= deadline + 50:  # logged time: the broker's clock, on the same machine
        time.sleep(0.05)
    bench.answer(commands[bench.conversation("late")]["command_id"], values={"status": "sent"})
    bench.tick()
    bench.tick()

    bench.start()
    bench.await_journal(7)
    assert bench.steps("in time")[-1] == ("call", "ok", None)
    assert bench.steps("late")[-1] == ("call", "not_ok", "timeout")
    assert bench.steps("never")[-1] == ("call", "not_ok", "timeout")
    assert [record["disposition"] for record in bench.journal("late")] == ["applied", "applied", "stale"]
    assert replayed_without_difference(bench)


def test_deadlines_fire_in_the_order_of_due_time_and_do_not_starve_messages(bench: WorkerBench) -> None:
    pause = {"type": "pause", "pause_time_sec": 1, "links": {"ok": "tell"}}
    tell = {"type": "simple_message", "message": "{{ customer.address }}", "links": {"ok": "end"}}
    bench.publish(flow({"hold": pause, "tell": tell}), ENTRY)
    bench.start(batch_events=20)
    addresses = [f"customer {number:03}" for number in range(150)]
    for address in addresses:
        bench.write(address, "1", "hi")
    bench.await_journal(150)
    time.sleep(1.1)
    bench.tick()
    records = bench.await_journal(300)
    fired = [record for record in records if record["event"][0].endswith("Ticked")]
    assert len(fired) == 150
    paused_at = {record["conversation_id"]: record["at"] for record in records if record["opened"]}
    for partition in range(2):
        order = [
            self_["conversation_id"]
            for self_ in (bench.codec.decode(record.value)[1] for record in bench.records("journal") if record.partition == partition)
            if self_["event"][0].endswith("Ticked")
        ]
        assert [paused_at[name] for name in order] == sorted(paused_at[name] for name in order)
    assert sorted(bench.texts()) == addresses


@pytest.mark.parametrize(
    ("topic", "value", "reason"),
    [
        ("inbound", b"", "not_confluent"),
        ("inbound", None, "no_value"),
        ("inbound", b"\x00\x00\x00\x00\x01", "undecodable"),
        ("inbound", b"\x00\x7f\x00\x00\x01abc", "unknown_schema"),
        ("inbound", b"hello", "not_confluent"),
        ("responses", b"\x00\x00\x00\x00\x05\x02", "undecodable"),
        ("ticks", b"tick", "not_confluent"),
    ],
)
def test_bytes_that_do_not_decode_go_to_the_dead_letters_and_the_partition_goes_on(
    bench: WorkerBench, topic: str, value: bytes | None, reason: str
) -> None:
    bench.publish(GREETING, ENTRY)
    bench.start()
    name = bench.conversation("ada").encode()
    bench.send(topic, value, name)
    bench.write("ada", "1", "hi")
    bench.await_journal(1)
    [letter] = read_dead_letters(bench.deployment, bench.codec)
    assert (letter.datum["topic"], letter.datum["reason"], letter.datum["value"], letter.datum["key"]) == (topic, reason, value, name)
    assert bench.texts() == ["Hello "]


def test_records_that_stand_wrongly_go_to_the_dead_letters_with_a_reason(bench: WorkerBench) -> None:
    bench.publish(GREETING, ENTRY)
    bench.start()
    inbound = {"message_id": "1", "channel": "web_chat", "account": "demo", "address": "ada", "text": "hi", "sent_at": 0}
    name = bench.conversation("ada").encode()

    def message(**changes: Any) -> bytes:
        return bench.codec.encode("inbound_message", {**inbound, **changes})

    right = partition_of(name, 2)
    bench.send("inbound", message(channel="carrier_pigeon"), name)
    bench.send("inbound", message(account="elsewhere"), name)
    bench.send("inbound", message(text="x" * 1_000_000), name)
    bench.send("inbound", message(), None)
    bench.send("inbound", message(), b"\xff\xfe")
    bench.send("inbound", message(), name, partition=1 - right)
    bench.send("inbound", bench.codec.encode("tick", {"ticked_at": 0, "ticker": "x"}), name)
    bench.answer("nobody-1:1:1", key=bench.conversation("nobody"))
    bench.write("bob", "1", "hi", sent_at=253_402_300_799_999)  # the year 9999, by the gateway's clock: data only
    bench.write("eve", "1", "hi", sent_at=-62_135_596_800_000)
    bench.await_journal(2)
    letters = bench.await_(
        lambda: found if len(found := read_dead_letters(bench.deployment, bench.codec)) == 8 else None, "eight dead letters"
    )
    assert sorted(letter.datum["reason"] for letter in letters) == sorted(
        [
            "no_entry_point",
            "no_entry_point",
            "message_too_large",
            "no_key",
            "bad_key",
            "wrong_partition",
            "wrong_record",
            "unknown_conversation",
        ]
    )
    assert all(letter.datum["detail"].startswith("expected") for letter in letters)
    assert {record["disposition"] for record in bench.read("journal")} == {"applied"}


def test_a_message_that_came_before_its_flow_is_redriven_once(bench: WorkerBench) -> None:
    bench.start()
    bench.write("ada", "1", "hi", name="Ada")
    bench.await_(lambda: read_dead_letters(bench.deployment, bench.codec), "a dead letter")
    bench.publish(GREETING, ENTRY)
    assert len(redrive(bench.deployment, bench.codec, lambda letter: True, "operator")) == 1
    bench.await_journal(1)
    assert redrive(bench.deployment, bench.codec, lambda letter: True, "operator") == []
    bench.write("bob", "1", "hi", name="Bob")
    bench.await_journal(2)
    assert sorted(bench.texts()) == ["Hello Ada", "Hello Bob"]
    assert [letter.redriven for letter in read_dead_letters(bench.deployment, bench.codec)] == [True]


def test_a_flow_published_a_moment_ago_is_found(bench: WorkerBench) -> None:
    bench.start()
    bench.await_(lambda: bench.metrics.joined, "the worker in the group")
    bench.publish(GREETING, ENTRY)
    bench.write("ada", "1", "hi")
    bench.await_journal(1)
    assert read_dead_letters(bench.deployment, bench.codec) == []


def test_an_interaction_that_makes_the_engine_fail_is_quarantined_and_its_partition_goes_on(bench: WorkerBench) -> None:
    faulty: dict[str, type[Action]] = {**action_types(), "explode": Explode}
    bench.types = faulty
    bench.publish(flow({"explode": {"type": "explode", "links": {"ok": "greet"}}, "greet": GREETING["actions"]["greet"]}), ENTRY)
    bench.start()
    bench.write("ada", "1", "boom")
    bench.write("ada", "2", "are you there?")
    for number in range(6):
        bench.write(f"customer {number}", "1", "hi")
    bench.await_journal(7)
    letters = bench.await_(
        lambda: found if len(found := read_dead_letters(bench.deployment, bench.codec)) == 2 else None, "two dead letters"
    )
    assert [letter.datum["reason"] for letter in letters] == ["engine_fault", "quarantined"]
    assert "a fault of ours" in letters[0].datum["detail"]
    assert len(bench.texts()) == 6
    bench.stop()

    mended: dict[str, type[Action]] = {**action_types(), "explode": Mended}
    bench.start(types=mended)
    assert len(redrive(bench.deployment, bench.codec, lambda letter: True, "operator")) == 2
    bench.await_journal(10)
    assert [record["disposition"] for record in bench.journal("ada")] == ["quarantined", "applied", "applied", "applied"]
    assert len(bench.texts()) == 8
    assert redrive(bench.deployment, bench.codec, lambda letter: True, "operator") == []
    assert replayed_without_difference(bench, mended)


def test_an_operator_ends_an_interaction(bench: WorkerBench, run_smart_routing: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    bench.publish(flow({"ask": ASK}, VARIABLES), ENTRY)
    bench.start()
    name = bench.write("ada", "1", "hi")
    bench.await_journal(1)
    assert run_smart_routing(bench.deployment, "conversation", "end", name, "--note", "a test").returncode == 0
    assert run_smart_routing(bench.deployment, "conversation", "resume", name).returncode == 0
    records = bench.await_journal(3)
    assert records[1]["event"][1]["note"] == "a test"
    assert records[1]["ended"] == "ended_by_operator"
    assert records[2]["disposition"] == "ignored"


def test_a_worker_is_fenced_by_another_with_its_transactional_id_and_nothing_is_doubled(bench: WorkerBench) -> None:
    """Two workers in one slot, as after a split brain: the younger one's producer fences the older one's."""
    bench.publish(GREETING, ENTRY)
    bench.start()
    bench.write("ada", "1", "hi")
    bench.await_journal(1)
    usurper = Producer(
        {
            "bootstrap.servers": bench.deployment.bootstrap_servers,
            "transactional.id": f"{bench.deployment.topic_prefix}worker-a",
            "log_level": 2,
        }
    )
    usurper.init_transactions(30)
    bench.write("bob", "1", "hi")
    bench.await_journal(2)
    assert len(bench.texts()) == 2, "the fenced session started anew from the log"


def test_records_of_an_aborted_transaction_are_not_applied(bench: WorkerBench) -> None:
    bench.publish(GREETING, ENTRY)
    bench.start()
    producer = Producer(
        {
            "bootstrap.servers": bench.deployment.bootstrap_servers,
            "transactional.id": f"{bench.deployment.topic_prefix}gateway",
            "partitioner": "murmur2_random",
        }
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    datum = {"message_id": "1", "channel": "web_chat", "account": "demo", "address": "ada", "text": "hi", "sent_at": 0}
    producer.produce(bench.topics.inbound, bench.codec.encode("inbound_message", datum), bench.conversation("ada").encode())
    producer.flush(30)
    producer.abort_transaction(30)
    bench.write("bob", "1", "hi")
    bench.await_journal(1)
    assert bench.journal("ada") == []
