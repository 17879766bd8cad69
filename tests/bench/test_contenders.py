"""A short run on a real Kafka: every contender does the work, and the engine and the loop by hand do the same."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from bench.contender import BARE, CONTENDERS, ENGINE, FAUST, BenchFailed, Contender
from bench.latency import half_load
from bench.run import Plan, stage_of
from bench.stage import ACTIONS_PER_MESSAGE, Outputs, Stage
from bench.throughput import lap
from processor.runtime.topic_log import LogRecord, read_topic
from schemas.codec import Datum

CONVERSATIONS = 100
MESSAGES = 20 * CONVERSATIONS


def nothing(share: float) -> None:
    pass


@pytest.fixture(scope="module")
def stage(kafka: str) -> Iterator[Stage]:
    """All contenders have done a lap; their outputs are on the topics."""
    plan = Plan(tuple(CONTENDERS.values()), events=18 * CONVERSATIONS, partitions=2, kafka=kafka)
    with stage_of(plan) as made:
        assert made.load.conversations == CONVERSATIONS
        made.send(MESSAGES)
        for contender in plan.contenders:
            lap(made, contender, MESSAGES, nothing)
        yield made


def committed(stage: Stage, topic: str) -> dict[bytes, list[LogRecord]]:
    """Return a topic's committed records, those of each conversation in order."""
    found: dict[bytes, list[LogRecord]] = {}
    for record in read_topic(stage.deployment, topic):
        found.setdefault(record.key or b"", []).append(record)
    return found


def commands(stage: Stage, contender: Contender) -> dict[bytes, list[Datum]]:
    by_key = committed(stage, contender.output(stage.deployment))
    return {key: [stage.codec.decode(record.value)[1] for record in records] for key, records in by_key.items()}


def journal(stage: Stage, contender: Contender) -> dict[bytes, list[Datum]]:
    by_key = committed(stage, contender.topics(stage.deployment).journal)
    return {key: [stage.codec.decode(record.value)[1] for record in records] for key, records in by_key.items()}


@pytest.mark.parametrize("contender", CONTENDERS.values(), ids=CONTENDERS)
def test_every_message_leads_to_one_command(stage, contender):
    sent = Counter(key for key, _ in stage.load.records(0, MESSAGES))
    assert {key: len(found) for key, found in commands(stage, contender).items()} == sent


@pytest.mark.parametrize("contender", [BARE, FAUST], ids=["bare", "faust"])
def test_the_flow_by_hand_commands_what_the_engine_commands(stage, contender):
    assert commands(stage, contender) == commands(stage, ENGINE)


def test_the_questions_carry_what_was_answered(stage):
    first, *_ = commands(stage, ENGINE).values()
    texts = [command["body"][1]["text"] for command in first[:4]]
    assert texts[0].startswith("Nothing has been ordered so far today. How many of them, ")
    assert "× Oak board, planed, 27 mm" in texts[1]
    assert "How many of them" in texts[2]
    assert "Anything to add to ORD-2026-visitor-" in texts[3]


def test_the_loop_by_hand_writes_the_engines_journal(stage):
    engine, by_hand = journal(stage, ENGINE), journal(stage, BARE)
    for records in (*engine.values(), *by_hand.values()):
        for record in records:
            for own in ("engine", "definitions_offset", "state_digest"):
                del record[own]
    assert by_hand == engine


def test_every_message_takes_three_actions(stage):
    for records in journal(stage, ENGINE).values():
        assert [len(record["steps"]) for record in records] == [ACTIONS_PER_MESSAGE] * len(records)
        assert {record["disposition"] for record in records} == {"applied"}


def test_the_state_holds_fifteen_variables_in_about_a_kilobyte(stage):
    last: dict[bytes, bytes] = {}
    for record in read_topic(stage.deployment, stage.deployment.topics.state):
        name, datum = stage.codec.decode(record.value)
        if name == "conversation_state":
            last[record.key or b""] = datum["payload"]
    assert len(last) == CONVERSATIONS
    assert all(900 < len(payload) < 1600 for payload in last.values())
    written = {
        (write["variable"], write["field"])
        for records in journal(stage, ENGINE).values()
        for step in records[0]["steps"]
        for write in step["writes"]
    }
    assert len(written) == 15


def test_at_half_load_every_message_is_timed_after_a_restart(stage):
    first, outputs = stage.sent, Outputs(stage, ENGINE)
    try:
        latency, memory = half_load(stage, ENGINE, 200.0, 1.5, nothing)
        assert latency.messages == 300
        assert stage.sent == first + 800
        assert 0 < latency.p50_ms <= latency.p99_ms <= latency.highest_ms
        assert memory is None or memory > 10_000_000
        with pytest.raises(BenchFailed, match="expected 799 commands, one for each message; found at least 800"):
            outputs.take(799)
    finally:
        outputs.close()


def test_a_contender_that_ends_is_told_with_its_last_words(stage, tmp_path):
    broken = Contender("broken", "a broken one", "nothing", "broken.", lambda folder: ("sh", "-c", "echo out of luck; exit 3"))
    with (
        pytest.raises(BenchFailed, match=r"a broken one: ended with status 3; its output ends with:\nout of luck"),
        stage.start(broken) as running,
    ):
        stage.finish(running)


def test_definitions_were_published_as_an_author_would(stage):
    found = [stage.codec.decode(record.value)[1] for record in read_topic(stage.deployment, stage.deployment.topics.definitions)]
    assert [(datum["kind"], datum["version"]) for datum in found] == [("entry_point", 0), ("flow", 1)]
    assert json.loads(found[1]["document"])["ref"] == "order_desk"
