"""`smart-routing bench` as an operator runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from smart_routing.cli import main
from smart_routing.topic_admin import TopicAdmin


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def bench_topics(kafka: str) -> set[str]:
    with TopicAdmin(kafka) as admin:
        return {name for name in admin.partitions() if name.startswith("bench-")}


def test_the_result_is_data_where_it_is_asked_for(kafka):
    before = bench_topics(kafka)
    options = [
        "--kafka",
        kafka,
        "--only",
        "bare",
        "--events",
        "300",
        "--laps",
        "1",
        "--latency-seconds",
        "1",
        "--partitions",
        "2",
        "--json",
    ]
    done = CliRunner().invoke(main, ["bench", *options])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["events"], report["partitions"], report["actions_per_event"], report["kafka"]) == (300, 2, 3, kafka)
    assert report["aims"] == []  # there is nothing to compare
    [bare] = report["results"]
    assert bare["name"] == "bare"
    assert bare["actions_per_second"] == pytest.approx(3 * bare["events_per_second"])
    assert bare["latency"]["messages"] > 0
    assert bench_topics(kafka) == before


def test_ctrl_c_ends_everything_that_was_started(kafka):
    before = bench_topics(kafka)
    command = [sys.executable, "-m", "smart_routing", "bench", "--kafka", kafka, "--only", "bare"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not (started := children(run.pid)):
            assert run.poll() is None, run.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        said, _ = run.communicate(timeout=60)
    finally:
        run.kill()
        run.wait()
    assert run.returncode == 1
    assert "Traceback" not in said
    assert "Aborted!" in said
    assert not [pid for pid in started if is_running(pid)]
    assert bench_topics(kafka) == before


def test_without_a_kafka_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    done = CliRunner().invoke(main, ["bench", "--events", "300"])
    assert done.exit_code == 1
    assert "Apache Kafka needs Java 17 or later and none is on PATH" in done.output


def test_an_address_that_is_none_is_refused():
    done = CliRunner().invoke(main, ["bench", "--kafka", "nonsense"])
    assert done.exit_code == 2
    assert "expected host:port, several separated by commas; found 'nonsense'" in done.output
