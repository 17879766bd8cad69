"""Interactions in flight go on with another version, or end: on a real Kafka, while messages come in."""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from processor.actions import action_types
from processor.runtime.in_flight import End, Migrate, Report, in_flight, sweep_flow
from processor.runtime.published import Published
from schemas.deployment import Deployment
from smart_routing.cli import main
from tests.runtime.test_worker import ASK as QUESTION
from tests.runtime.test_worker import VARIABLES, Explode, replayed_without_difference
from tests.runtime.worker_bench import ENTRY, WorkerBench, flow

ASK: dict[str, Any] = {**QUESTION}
THANK = {"type": "simple_message", "message": "Thanks: {{ order.number }}", "links": {"ok": "end"}}
OLD = flow({"ask": ASK}, VARIABLES)
NEW = flow({"question": {**ASK, "links": {**ASK["links"], "ok": "thank"}}, "thank": THANK}, VARIABLES)


def definitions(bench: WorkerBench) -> Any:
    return Published.read(bench.deployment, bench.codec, bench.types).log.newest()


def sweep(bench: WorkerBench, ask: Any, **more: Any) -> Report:
    return sweep_flow(bench.deployment, bench.codec, "greeting", lambda version: version < 2, ask, operator="ana", quiet_sec=1.0, **more)


def migrate(bench: WorkerBench, **actions: str) -> Migrate:
    bench.await_(lambda: definitions(bench).version("greeting", 2), "the published version")
    return Migrate(definitions(bench), "greeting", 2, actions)


def command(bench: WorkerBench, *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env=bench.deployment.to_environment())


def test_those_in_flight_migrate_and_others_keep_their_version(bench: WorkerBench) -> None:
    two = {**ASK, "questions": [ASK["questions"][0], {**ASK["questions"][0], "field": "status", "variable_type": "long_text"}]}
    bench.publish(flow({"ask": two}, VARIABLES), ENTRY)
    bench.start()
    for address in ("ada", "bob", "cem"):
        bench.write(address, "1", "hi")
    bench.write("bob", "2", "12")
    bench.await_journal(4)
    bench.publish(NEW)
    report = sweep(bench, migrate(bench, ask="question"))
    assert (report.found, report.done, report.unanswered, report.quarantined) == (3, 2, 0, 0)
    reason = "version 1: `ask` waits: question 2 was asked: expected it among the questions; found 1 of them"
    assert report.refused == {reason: 1}
    for address in ("ada", "bob", "cem"):
        bench.write(address, "3", "42")
    bench.await_journal(9)
    ends = [(step["flow_version"], step["action"]) for name in ("ada", "bob", "cem") for step in bench.journal(name)[-1]["steps"][-1:]]
    assert ends == [(2, "thank"), (1, "ask"), (2, "thank")]
    again = sweep(bench, migrate(bench, ask="question"))
    assert again == Report(0, 0, {}, 0, 0)
    assert replayed_without_difference(bench)


def test_those_in_flight_end_and_those_that_begin_meanwhile_do_not(bench: WorkerBench) -> None:
    bench.publish(OLD, ENTRY)
    bench.start()
    for number in range(5):
        bench.write(f"customer {number}", "1", "hi")
    bench.await_journal(5)
    known = bench.metrics.definitions_offset
    bench.publish(NEW)
    bench.await_(lambda: bench.metrics.definitions_offset > known, "the worker to know the new version")
    bench.write("new", "1", "hi")
    bench.await_journal(6)
    report = sweep(bench, End("version 2 is published"))
    assert report == Report(5, 5, {}, 0, 0)
    ended = Counter(datum["ended"] for datum in bench.read("journal"))
    assert ended == {None: 6, "ended_by_operator": 5}
    assert [datum["ended"] for datum in bench.journal("new")] == [None]


def test_requests_that_no_worker_takes_are_told_and_applied_later(bench: WorkerBench) -> None:
    bench.publish(OLD, ENTRY)
    bench.start()
    bench.write("ada", "1", "hi")
    bench.await_journal(1)
    bench.stop()
    bench.publish(NEW)
    report = sweep(bench, migrate(bench, ask="question"), within_sec=1.0)
    assert (report.found, report.done, report.unanswered) == (1, 0, 1)
    bench.start()
    assert sweep(bench, migrate(bench, ask="question")).found in (0, 1)
    bench.write("ada", "2", "42")
    bench.await_(lambda: ("thank", "ok", None) in bench.steps("ada"), "the answer taken by the new version")


def test_a_conversation_in_quarantine_is_left_alone_and_told(deployment: Callable[..., Deployment], tmp_path: Path) -> None:
    bench = WorkerBench(deployment(), tmp_path, {**action_types(), "explode": Explode})
    question = {**ASK["questions"][0], "field": "status", "variable_type": "long_text"}
    ask = {**ASK, "questions": [question], "links": {**ASK["links"], "ok": "explode"}}
    bench.publish(flow({"ask": ask, "explode": {"type": "explode", "links": {"ok": "end"}}}, VARIABLES), ENTRY)
    try:
        bench.start()
        bench.write("ada", "1", "hi")
        bench.write("ada", "2", "boom")
        bench.await_journal(2)
        report = sweep(bench, End("all end"))
        assert (report.found, report.done, report.unanswered, report.quarantined) == (1, 0, 0, 1)
    finally:
        bench.stop()


class Load(threading.Thread):
    """Customers who write again and again, each a message at a time, until told to stop."""

    def __init__(self, bench: WorkerBench, customers: int) -> None:
        super().__init__(name="load")
        self._bench = bench
        self._customers = customers
        self._stopping = threading.Event()
        self.sent = 0

    def run(self) -> None:
        while not self._stopping.is_set():
            number = self.sent
            customer = f"customer {number % self._customers}"
            self._bench.write(customer, f"m{number}", str(number) if number >= self._customers else "hi")
            self.sent += 1

    def stop(self) -> None:
        self._stopping.set()
        self.join()


def messages(bench: WorkerBench) -> int:
    return sum(datum["event"][0].endswith("MessageReceived") for datum in bench.read("journal"))


def test_under_load_all_migrate_and_nothing_is_lost_or_doubled(
    bench: WorkerBench, tmp_path: Path, run_smart_routing: Callable[..., Any]
) -> None:
    bench.publish(OLD, ENTRY)
    bench.start("a")
    bench.start("b")
    quiet = [f"quiet {number}" for number in range(200)]
    for customer in quiet:
        bench.write(customer, "1", "hi")
    load = Load(bench, 20)
    load.start()
    bench.await_(lambda: len(bench.read("journal")) >= 260, "everybody in flight, and some answers")
    file = tmp_path / "new.json"
    file.write_text(json.dumps(NEW))
    published = command(bench, "flow", "publish", str(file), "--in-flight", "migrate", "--map", "ask=question", "--wait", "60")
    assert published.exit_code == 0, published.output
    told = re.fullmatch(r"flow greeting: (\d+) interactions in flight: (\d+) go on with .*", published.stdout.splitlines()[-1])
    assert told is not None, "all of them, none refused and none left"
    assert int(told[1]) == int(told[2]) >= 200
    sent_when_migrated = load.sent
    bench.await_(lambda: load.sent >= sent_when_migrated + 20, "more messages after the migration")
    load.stop()
    for customer in quiet:
        bench.write(customer, "2", "42")
    with in_flight(bench.deployment, bench.codec, "greeting", lambda version: version == 1) as old:
        assert old.catch_up() == {}
    bench.await_(lambda: messages(bench) == load.sent + 2 * len(quiet), "every message applied")
    bench.stop()
    journal = bench.read("journal")
    last = {datum["conversation_id"]: datum for datum in journal}
    for customer in quiet:
        datum = last[bench.conversation(customer)]
        assert (datum["ended"], datum["steps"][-1]["flow_version"], datum["steps"][-1]["action"]) == ("completed", 2, "thank")
    migrated = [datum for datum in journal if datum["event"][0].endswith("MigrateRequested")]
    assert sum(datum["disposition"] == "applied" for datum in migrated) >= 200
    asked = Counter(datum["conversation_id"] for datum in migrated if datum["disposition"] == "applied" and datum["interaction_id"])
    assert max(asked[bench.conversation(customer)] for customer in quiet) == 1, "each once"
    audit = run_smart_routing(bench.deployment, "audit", "--json")
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert replayed_without_difference(bench)
