"""Replay agrees, and says where it does not."""

from collections.abc import Callable
from typing import Any

import msgspec

from processor.runtime.definition_reader import DefinitionReader
from processor.runtime.replay import Replay
from processor.runtime.topic_log import LogRecord, read_topic
from tests.runtime.test_worker import ASK, VARIABLES
from tests.runtime.worker_bench import ENTRY, WorkerBench, flow


def _load(bench: WorkerBench) -> tuple[list[LogRecord], DefinitionReader]:
    bench.publish(flow({"ask": ASK}, VARIABLES), ENTRY)
    bench.start()
    bench.write("ada", "1", "hi")
    bench.await_journal(1)
    changed = {**ASK, "default_error_message": "Only digits."}
    known = bench.metrics.definitions_offset
    bench.publish(flow({"ask": changed}, VARIABLES))
    bench.await_(lambda: bench.metrics.definitions_offset > known, "the worker to know the new version")
    for message_id, text in (("2", "what?"), ("3", "42"), ("4", "hi"), ("5", "what?")):
        bench.write("ada", message_id, text)
    bench.await_journal(5)
    bench.stop()
    reader = DefinitionReader(bench.deployment, bench.codec, bench.types)
    reader.catch_up(30)
    reader.close()
    return list(read_topic(bench.deployment, bench.topics.journal)), reader


def test_the_journal_alone_yields_the_same_records_with_the_definitions_of_that_time(bench: WorkerBench) -> None:
    records, reader = _load(bench)
    replayed = list(Replay(reader.log, bench.codec).run(records))
    assert [one.difference for one in replayed] == [None] * 5
    sent = [command.body for one in replayed if one.advance is not None for command in one.advance.commands]
    assert [body.text for body in sent if hasattr(body, "text")] == [
        "Number?",
        "Digits, please.",
        "Number?",
        "Number?",
        "Only digits.",
        "Number?",
    ]
    assert bench.texts() == [body.text for body in sent if hasattr(body, "text")]


def test_a_journal_that_was_tampered_with_differs_and_is_told_where(bench: WorkerBench) -> None:
    records, reader = _load(bench)
    _, datum = bench.codec.decode(records[1].value)
    datum["steps"][0]["commands"][0]["digest"] = "0" * 16
    forged = msgspec.structs.replace(records[1], value=bench.codec.encode("journal_record", datum))
    found = [one.difference for one in Replay(reader.log, bench.codec).run([records[0], forged, *records[2:]])]
    [difference] = [one for one in found if one is not None]
    assert difference.offset == records[1].offset
    assert difference.expected == "steps[0].commands[0].digest '0000000000000000'"


def test_conversations_whose_beginning_is_gone_are_counted_and_passed_over(bench: WorkerBench) -> None:
    records, reader = _load(bench)
    again = Replay(reader.log, bench.codec)
    assert [one.difference for one in again.run(records[1:])] == [None] * 4
    assert again.incomplete == 1


def test_the_commands_replay_and_explain_tell_it(bench: WorkerBench, run_smart_routing: Callable[..., Any]) -> None:
    _load(bench)
    replay = run_smart_routing(bench.deployment, "replay")
    assert (replay.returncode, replay.stdout) == (0, "5 records replayed, 0 differ\n")
    explain = run_smart_routing(bench.deployment, "explain", bench.conversation("ada"))
    assert explain.returncode == 0, explain.stderr
    assert "opens interaction" in explain.stdout
    assert "greeting v2  ask (message_awaiting_response)" in explain.stdout
    assert "order.number = '42'" in explain.stdout
    assert '→ SendMessage {"text": "Only digits.", "agent": null}' in explain.stdout
    unknown = run_smart_routing(bench.deployment, "explain", "nobody")
    assert unknown.returncode == 1
    assert "conversation nobody: expected it in the journal; found nothing" in unknown.stderr
