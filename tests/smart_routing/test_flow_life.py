"""The life of a flow on the command line: published with those in flight in view, migrated, listed, retired."""

import asyncio
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from redis.asyncio import Redis

from processor.runtime.worker.projection import JournalRecord, WaitingCounts
from schemas.deployment import Deployment
from smart_routing.cli import main
from smart_routing.embedded import EmbeddedRedis
from smart_routing.free_port import free_port
from tests.runtime.test_worker import ASK as QUESTION
from tests.runtime.test_worker import VARIABLES
from tests.runtime.worker_bench import ENTRY, WorkerBench, flow

ASK: dict[str, Any] = {**QUESTION}
HOLD = {"type": "pause", "pause_time_sec": 3600, "links": {"ok": "end"}}
THANK = {"type": "simple_message", "message": "Thanks", "links": {"ok": "end"}}
OLD = flow({"ask": {**ASK, "links": {**ASK["links"], "ok": "hold"}}, "hold": HOLD}, VARIABLES)
PATIENT = {**ASK, "maximum_response_wait_time_sec": 900, "links": {**ASK["links"], "ok": "hold"}}
NEW = flow(
    {"question": PATIENT, "hold": HOLD, "thank": THANK},
    VARIABLES,
)


@pytest.fixture
def bench(deployment: Callable[..., Deployment], redis_server: EmbeddedRedis, tmp_path: Path) -> Iterator[WorkerBench]:
    made = WorkerBench(deployment(redis_url=redis_server.url), tmp_path)
    yield made
    made.stop()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, Mapping[str, Any]], str]:
    def written(name: str, document: Mapping[str, Any]) -> str:
        path = tmp_path / name
        path.write_text(json.dumps(document), "utf-8")
        return str(path)

    return written


def run(bench: WorkerBench, *arguments: str, **more: str) -> Result:
    environment = bench.deployment.to_environment() | {"COLUMNS": "200"} | more
    return CliRunner().invoke(main, arguments, env=environment)


def in_flight(bench: WorkerBench, asked: int = 2, held: int = 1) -> None:
    """Bring customers to their question, and some of them past it; the projection knows of them."""
    bench.publish(OLD, ENTRY)
    bench.start()
    for number in range(asked + held):
        bench.write(f"customer {number}", "1", "hi")
    for number in range(held):
        bench.write(f"customer {number}", "2", "42")
    bench.await_journal(asked + 2 * held)
    project(bench)


def project(bench: WorkerBench) -> None:
    """Count what is in the journal, as a worker with its projection on does."""
    records = [JournalRecord(record.partition, record.offset, record.value) for record in bench.records("journal")]

    async def absorb() -> None:
        async with Redis.from_url(bench.deployment.redis_url) as redis:
            await WaitingCounts(redis, bench.deployment.topic_prefix, bench.codec).absorb(records)

    asyncio.run(absorb())


def version_in_service(bench: WorkerBench) -> int:
    shown = json.loads(run(bench, "flow", "list", "--json", SMART_ROUTING_REDIS_URL=bench.deployment.redis_url).stdout)
    [version] = [row["version"] for row in shown if row["state"] == "in service"]
    return int(version)


def test_publishing_tells_what_changes_and_who_is_in_flight(bench: WorkerBench, write: Any) -> None:
    in_flight(bench)
    result = run(
        bench, "flow", "publish", write("new.json", {**NEW, "name": "Hello"}), write("entry.json", {**ENTRY, "expires_after_hours": 5})
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "entry_point entry changes:",
        "  + expires_after_hours: 5",
        "flow greeting, version 1 → 2:",
        '  ~ name: "Greeting" → "Hello"',
        "  ~ start (start)",
        "      ~ ok → question, before ask",
        "  + question (message_awaiting_response)",
        "  + thank (simple_message)",
        "  - ask (message_awaiting_response)",
        "  in flight: 3 interactions, which keep their version",
        "      2 on ask of version 1, which goes",
        "      1 on hold of version 1",
        "entry_point entry: published",
        "flow greeting: published as version 2",
    ]
    bench.write("customer 2", "2", "43")
    bench.await_journal(5)
    assert bench.journal("customer 2")[-1]["steps"][-1]["flow_version"] == 1


def test_a_migration_without_counterparts_is_refused_before_anything_is_written(bench: WorkerBench, write: Any) -> None:
    in_flight(bench)
    file = write("new.json", NEW)
    refused = run(bench, "flow", "publish", file, "--in-flight", "migrate")
    assert refused.exit_code == 1
    reason = "version 1, 2 in flight: `ask` waits: expected an action `ask` of type message_awaiting_response; found nothing"
    assert f"flow greeting: {reason}" in refused.stderr
    assert "cannot migrate, for 1 reason: nothing was published" in refused.stderr
    misnamed = run(bench, "flow", "publish", file, "--in-flight", "migrate", "--map", "ask=questoin", "--map", "asked=question")
    assert 'for `ask` (did you mean `question`?); found "questoin"' in misnamed.stderr
    assert 'expected an action of a version in flight (did you mean `ask`?); found "asked"' in misnamed.stderr
    assert version_in_service(bench) == 1


def test_those_in_flight_migrate_by_the_map_and_a_second_run_finds_nothing_to_do(bench: WorkerBench, write: Any) -> None:
    in_flight(bench)
    mapped = ("--in-flight", "migrate", "--map", "ask=question")
    result = run(bench, "flow", "publish", write("new.json", NEW), *mapped)
    assert result.exit_code == 0, result.output
    assert "  ~ ask → question (message_awaiting_response)" in result.stdout
    assert "      ~ maximum_response_wait_time_sec: 600 → 900" in result.stdout
    assert "      2 on ask of version 1, which changes" in result.stdout
    assert result.stdout.splitlines()[-1] == ("flow greeting: 3 interactions in flight: 3 go on with version 2, or have ended meanwhile")
    project(bench)
    again = run(bench, "flow", "publish", write("new.json", NEW), *mapped)
    assert again.stdout.splitlines() == [
        "flow greeting: unchanged, version 2 stays in service",
        "flow greeting: no interaction was in flight with an older version",
    ]
    listed = json.loads(run(bench, "flow", "list", "greeting", "--json").stdout)
    assert [(row["version"], row["state"], row["in_flight"]) for row in listed] == [(1, "replaced", 0), (2, "in service", 3)]


def test_those_in_flight_end(bench: WorkerBench, write: Any) -> None:
    in_flight(bench)
    result = run(bench, "flow", "publish", write("new.json", NEW), "--in-flight", "end", "--author", "ana")
    assert result.stdout.splitlines()[-1] == "flow greeting: 3 interactions in flight: 3 ended"
    ends = [datum["event"][1] for datum in bench.read("journal") if datum["ended"] == "ended_by_operator"]
    assert [(end["operator"], end["note"]) for end in ends] == [("ana", "greeting 2 is published")] * 3


def test_a_dry_run_writes_nothing(bench: WorkerBench, write: Any) -> None:
    in_flight(bench)
    file = write("new.json", NEW)
    result = run(bench, "flow", "publish", file, "--dry-run", "--in-flight", "migrate", "--map", "ask=question")
    assert result.exit_code == 0
    assert "in flight: 3 interactions, which go on with version 2" in result.stdout
    assert result.stdout.splitlines()[-1] == "would be: flow greeting: published as version 2"
    assert run(bench, "flow", "publish", file, "--dry-run", "--in-flight", "migrate").exit_code == 1
    assert version_in_service(bench) == 1


def test_without_redis_a_drain_goes_on_and_a_migration_is_held_to_all_that_can_wait(bench: WorkerBench, write: Any) -> None:
    bench.publish(OLD, ENTRY)
    away = {"SMART_ROUTING_REDIS_URL": f"redis://:secret@127.0.0.1:{free_port()}/0"}
    file = write("new.json", NEW)
    refused = run(bench, "flow", "publish", file, "--in-flight", "migrate", **away)
    assert "flow greeting: version 1: `ask` waits: expected an action `ask`" in refused.stderr
    drained = run(bench, "flow", "publish", file, **away)
    assert drained.exit_code == 0, drained.output
    assert "warning: how many interactions are in flight is not known: Redis at redis://127.0.0.1:" in drained.stderr
    assert "secret" not in drained.output
    assert "in flight:" not in drained.stdout
    listed = run(bench, "flow", "list", **away)
    assert "not known: Redis" in listed.stderr
    assert listed.stdout.splitlines()[1].split()[-1] == "?"


def test_counts_that_are_not_whole_yet_are_not_believed(bench: WorkerBench, write: Any) -> None:
    bench.publish(OLD, ENTRY)
    bench.start()
    bench.write("ada", "1", "hi")
    bench.await_journal(1)
    result = run(bench, "flow", "publish", write("new.json", NEW))
    assert "the workers have not counted the whole journal yet" in result.stderr
    assert result.exit_code == 0


def asked_in_a_terminal(bench: WorkerBench, answer: bytes, *arguments: str) -> tuple[int, str]:
    """Run a command whose questions go to a terminal, and answer."""
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "smart_routing", *arguments],
        env={**os.environ, **bench.deployment.to_environment()},
        stdin=inside,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    os.close(inside)
    os.write(terminal, answer)
    told, _ = process.communicate(timeout=60)
    os.close(terminal)
    return process.returncode, told


def test_in_a_terminal_it_asks_where_somebody_is_in_flight(bench: WorkerBench, write: Any) -> None:
    in_flight(bench)
    file = write("new.json", NEW)
    code, told = asked_in_a_terminal(bench, b"n\n", "flow", "publish", file)
    assert "3 interactions in flight will keep their version. Publish? [y/N]" in told
    assert (code, version_in_service(bench)) == (1, 1)
    code, told = asked_in_a_terminal(bench, b"", "flow", "publish", file, "--yes")
    assert (code, "Publish?" in told) == (0, False)


def test_an_older_version_takes_those_in_flight_back(bench: WorkerBench, write: Any) -> None:
    in_flight(bench)
    assert run(bench, "flow", "publish", write("new.json", NEW), "--in-flight", "migrate", "--map", "ask=question").exit_code == 0
    project(bench)
    refused = run(bench, "flow", "migrate", "greeting", "--from", "2", "--to", "1")
    assert "version 2, 2 in flight: `question` waits: expected an action `question`" in refused.stderr
    looked = run(bench, "flow", "migrate", "greeting", "--from", "2", "--to", "1", "--map", "question=ask", "--dry-run")
    assert (looked.exit_code, looked.stdout.splitlines()[0]) == (0, "in flight: 3 interactions, which go on with version 1")
    back = run(bench, "flow", "migrate", "greeting", "--from", "2", "--to", "1", "--map", "question=ask")
    assert back.stdout.splitlines()[-1].startswith("flow greeting: 3 interactions in flight: 3 go on with version 1")
    ended = run(bench, "flow", "migrate", "greeting", "--end")
    assert ended.stdout.splitlines()[-1] == "flow greeting: 3 interactions in flight: 3 ended"


def test_a_request_that_nobody_takes_is_told(bench: WorkerBench, write: Any) -> None:
    in_flight(bench)
    bench.stop()
    result = run(bench, "flow", "publish", write("new.json", NEW), "--in-flight", "end", "--wait", "1")
    assert result.exit_code == 1
    assert "3 requests are in the log, but no worker has applied them within 1 seconds" in result.stderr
    assert version_in_service(bench) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("greeting", "--to", "7"), "greeting: expected version 7; found versions 1."),
        (("greeting", "--from", "3"), "expected other versions than 1 of [1] after --from; found [3]"),
        (("nothing",), "nothing: expected a version in service; found no such flow."),
        (("greeting", "--map", "ask"), 'expected `old=new`, `flow:old=new` or a file; found "ask"'),
        (("greeting", "--map", "other:ask=question"), 'expected one of the flows greeting for `ask=question`; found "other"'),
        (("greeting", "--map", "ask=a", "--map", "ask=b"), "expected one new action for `ask` of greeting; found `a` and `b`"),
    ],
)
def test_what_cannot_be_migrated_is_told(bench: WorkerBench, arguments: tuple[str, ...], told: str) -> None:
    bench.publish(OLD, ENTRY)
    result = run(bench, "flow", "migrate", *arguments)
    assert result.exit_code != 0
    assert told in result.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ask: 5", "expected the id of an action, or a mapping of such; found 5"),
        ("greeting: {ask: [a]}", "greeting.ask: expected the id of an action; found a list of 1"),
        ("a: [", "expected YAML"),
    ],
)
def test_a_map_that_cannot_be_read_is_told(bench: WorkerBench, tmp_path: Path, write: Any, text: str, told: str) -> None:
    file = tmp_path / "map.yaml"
    file.write_text(text)
    result = run(bench, "flow", "publish", write("new.json", NEW), "--in-flight", "migrate", "--map", str(file))
    assert (result.exit_code, told in result.stderr) == (2, True), result.output


def test_a_map_comes_from_a_file_and_belongs_to_a_migration(bench: WorkerBench, tmp_path: Path, write: Any) -> None:
    bench.publish(OLD, ENTRY)
    file, new = tmp_path / "map.yaml", write("new.json", NEW)
    file.write_text("greeting: {ask: question}")
    assert run(bench, "flow", "publish", new, "--dry-run", "--in-flight", "migrate", "--map", str(file)).exit_code == 0
    file.write_text("ask: question")
    assert run(bench, "flow", "publish", new, "--dry-run", "--in-flight", "migrate", "--map", str(file)).exit_code == 0
    both = run(bench, "flow", "publish", new, write("other.json", {**NEW, "ref": "other"}), "--in-flight", "migrate", "--map", str(file))
    assert "expected the flow for `ask=question`, as in `greeting:ask=question`" in both.stderr
    assert "give it with --in-flight migrate" in run(bench, "flow", "publish", new, "--map", str(file)).stderr


def test_flows_are_listed_and_retired(bench: WorkerBench, write: Any) -> None:
    in_flight(bench)
    run(bench, "flow", "publish", write("new.json", NEW), "--author", "ana")
    rows = [row.split() for row in run(bench, "flow", "list").stdout.splitlines()[1:]]
    assert [(row[:3], row[-2:]) for row in rows] == [
        (["greeting", "1", "replaced"], ["test", "3"]),
        (["greeting", "2", "in"], ["ana", "0"]),
    ]
    named = run(bench, "flow", "retire", "greeting")
    assert (named.exit_code, "flow greeting is named by entry_point entry: nothing was retired" in named.stderr) == (1, True)
    retired = run(bench, "flow", "retire", "greeting", "--yes", "--in-flight", "end")
    assert "warning: entry_point entry names it" in retired.stderr
    assert retired.stdout.splitlines() == [
        "flow greeting: version 2 is retired",
        "flow greeting: 3 interactions in flight: 3 ended",
    ]
    states = [row["state"] for row in json.loads(run(bench, "flow", "list", "--json").stdout)]
    assert states == ["replaced", "retired"]
    again = run(bench, "flow", "retire", "greeting", "--yes")
    assert 'ref: expected a flow in service; found "greeting": nothing was retired.' in again.stderr
    assert "expected published flows; found nothing." in run(bench, "flow", "list", "nothing").stderr
    anew = run(bench, "flow", "publish", write("new.json", NEW))
    assert anew.stdout.splitlines()[-1] == "flow greeting: published as version 3"
