"""The audit finds nothing where nothing is wrong, and what is wrong where something is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import msgspec
import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from processor.runtime.audit import Report, Topics, audit
from processor.runtime.topic_log import LogRecord, read_topic
from schemas.topics import COMMAND_FAMILIES
from tests.runtime.test_worker import ASK, VARIABLES
from tests.runtime.worker_bench import ENTRY, WorkerBench, flow


@dataclass(frozen=True)
class Recorded:
    """All topics of a small load, as lists that a test can tamper with."""

    bench: WorkerBench
    inbound: list[LogRecord]
    responses: list[LogRecord]
    journal: list[LogRecord]
    dead_letters: list[LogRecord]
    state: list[LogRecord]
    messaging: list[LogRecord]

    def audit(self) -> Report:
        commands = {family: self.messaging if family == "messaging" else [] for family in COMMAND_FAMILIES}
        return audit(Topics(self.inbound, self.responses, self.journal, self.dead_letters, self.state, commands), self.bench.codec)


@pytest.fixture
def recorded(bench: WorkerBench) -> Recorded:
    bench.publish(flow({"ask": ASK}, VARIABLES), ENTRY)
    bench.start()
    for number in range(10):
        bench.write(f"customer {number}", "1", "hi")
        bench.write(f"customer {number}", "2", "what?")
        bench.write(f"customer {number}", "2", "what?")
        bench.write(f"customer {number}", "3", "42")
    bench.send("inbound", b"garbage", b"key")
    bench.await_journal(40)
    for command in bench.read("commands.messaging"):
        bench.answer(command["command_id"], connector="messaging")
    bench.await_journal(40 + len(bench.read("commands.messaging")))
    bench.stop()
    names = bench.topics
    topics = (names.inbound, names.responses, names.journal, names.dead_letters, names.state, names.commands("messaging"))
    return Recorded(bench, *(list(read_topic(bench.deployment, topic)) for topic in topics))


def test_a_load_without_faults_gives_no_finding(recorded: Recorded) -> None:
    report = recorded.audit()
    assert report.findings == ()
    assert (report.inputs, report.duplicates, report.dead_letters, report.pending_inputs, report.pending_commands) == (71, 10, 1, 0, 0)
    assert report.steps == 10 * 4
    assert report.commands == report.responses == 30


def _without(records: list[LogRecord], index: int) -> list[LogRecord]:
    return records[:index] + records[index + 1 :]


def _repeated(records: list[LogRecord], index: int) -> list[LogRecord]:
    return [*records[: index + 1], records[index], *records[index + 1 :]]


def _late(records: list[LogRecord], index: int) -> list[LogRecord]:
    key = records[index].key
    other = next(place for place in range(index + 1, len(records)) if records[place].key == key)
    swapped = list(records)
    swapped[index], swapped[other] = records[other], records[index]
    return swapped


@pytest.mark.parametrize(
    ("topic", "tamper", "kind"),
    [
        ("journal", _without, "lost"),
        ("messaging", _without, "lost"),
        ("dead_letters", _without, "lost"),
        ("journal", _repeated, "doubled"),
        ("messaging", _repeated, "doubled"),
        ("messaging", _late, "out_of_order"),
        ("journal", _late, "out_of_order"),
    ],
)
def test_a_record_removed_repeated_or_moved_is_found(
    recorded: Recorded, topic: str, tamper: Callable[[list[LogRecord], int], list[LogRecord]], kind: Any
) -> None:
    records: list[LogRecord] = getattr(recorded, topic)
    for index in {0, len(records) // 4}:
        report = replace(recorded, **cast("Any", {topic: tamper(records, index)})).audit()
        assert report.count(kind) > 0, f"{topic} record {index}: {report.findings}"


def test_a_command_that_is_not_the_one_journalled_is_found(recorded: Recorded) -> None:
    first = recorded.messaging[0]
    _, datum = recorded.bench.codec.decode(first.value)
    datum["body"] = (datum["body"][0], {"text": "something else"})
    forged = msgspec.structs.replace(first, value=recorded.bench.codec.encode("messaging_command", datum))
    assert replace(recorded, messaging=[forged, *recorded.messaging[1:]]).audit().count("mismatched") == 1


def test_a_state_that_is_not_the_one_journalled_is_found(recorded: Recorded) -> None:
    states = [index for index, record in enumerate(recorded.state) if record.key != b"positions"]
    newest = {recorded.state[index].key: index for index in states}
    index = next(iter(newest.values()))
    forged = recorded.bench.codec.encode("conversation_state", {"format": 1, "payload": b"other"})
    tampered = [*recorded.state[:index], msgspec.structs.replace(recorded.state[index], value=forged), *recorded.state[index + 1 :]]
    assert replace(recorded, state=tampered).audit().count("mismatched") == 1
    gone = [record for record in recorded.state if record.key != recorded.state[index].key]
    assert replace(recorded, state=gone).audit().count("lost") == 1


def test_an_input_that_took_effect_twice_is_found(recorded: Recorded) -> None:
    """The journal as a worker without transactions would have left it: the same message applied at the next sequence, too."""
    codec = recorded.bench.codec
    first = next(record for record in recorded.journal if codec.decode(record.value)[1]["opened"])
    _, datum = codec.decode(first.value)
    last = max(codec.decode(record.value)[1]["sequence"] for record in recorded.journal if record.key == first.key)
    again = msgspec.structs.replace(first, value=codec.encode("journal_record", {**datum, "sequence": last + 1, "steps": []}))
    assert replace(recorded, journal=[*recorded.journal, again]).audit().count("doubled") >= 2


def test_the_command_line_finds_a_record_repeated_or_removed_on_the_real_topics(
    recorded: Recorded, run_smart_routing: Callable[..., Any]
) -> None:
    bench = recorded.bench
    clean = run_smart_routing(bench.deployment, "audit", "--json", "--settled")
    assert clean.returncode == 0, clean.stdout + clean.stderr

    producer = Producer({"bootstrap.servers": bench.deployment.bootstrap_servers, "partitioner": "murmur2_random"})
    command = recorded.messaging[0]
    producer.produce(bench.topics.commands("messaging"), command.value, command.key)
    producer.flush(30)
    repeated = run_smart_routing(bench.deployment, "audit")
    assert repeated.returncode == 1
    assert "is on its topic twice" in repeated.stdout

    admin = AdminClient({"bootstrap.servers": bench.deployment.bootstrap_servers})
    partition = recorded.journal[0].partition
    [future] = admin.delete_records([TopicPartition(bench.topics.journal, partition, 1)]).values()
    future.result()
    removed = run_smart_routing(bench.deployment, "audit")
    assert removed.returncode == 1
    assert "is neither in the journal nor in the dead letters" in removed.stdout
