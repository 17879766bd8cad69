"""`smart-routing worker` as operators run it: a process hosted by Faust, with its views, ticker and projection."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from schemas.deployment import Deployment
from smart_routing.embedded import EmbeddedRedis
from smart_routing.free_port import free_port
from tests.runtime.worker_bench import ENTRY, WorkerBench, flow


@pytest.fixture
def bench(deployment: Callable[..., Deployment], redis_server: EmbeddedRedis, tmp_path: Path) -> WorkerBench:
    return WorkerBench(deployment(redis_url=redis_server.url), tmp_path)


@contextmanager
def worker(bench: WorkerBench, port: int) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        "-m",
        "smart_routing",
        "worker",
        "--slot",
        "a",
        "--state-folder",
        str(bench.folder / "state"),
        "--web-port",
        str(port),
    ]
    process = subprocess.Popen(command, env={**os.environ, **bench.deployment.to_environment()}, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except (urllib.error.URLError, ConnectionError) as error:
        return 0, str(error)


def test_a_worker_tells_its_health_ticks_counts_branches_and_stops_gracefully(bench: WorkerBench) -> None:
    pause = {"type": "pause", "pause_time_sec": 1, "links": {"ok": "greet"}}
    greet = {"type": "simple_message", "message": "Hello", "links": {"ok": "end"}}
    bench.publish(flow({"hold": pause, "greet": greet}), ENTRY)
    port = free_port()
    with worker(bench, port) as process:
        bench.await_(lambda: get(port, "/health/")[0] == 200, "a healthy worker")
        assert json.loads(get(port, "/health/")[1]) == {"slot": "a", "partitions": [0, 1], "healthy": True}
        for number in range(5):
            bench.write(f"customer {number}", "1", "hi")
        bench.await_(lambda: len(bench.texts()) == 5, "five greetings: its own ticks end the pauses")
        assert 'smart_routing_events_total{disposition="applied"} 10.0' in get(port, "/metrics/")[1]
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors

    with worker(bench, port):
        redis = Redis.from_url(bench.deployment.redis_url)
        key = f"{bench.deployment.topic_prefix}branches:greeting:1"
        wanted = {b"start/ok": b"5", b"hold/ok": b"5", b"greet/ok": b"5"}
        bench.await_(lambda: redis.hgetall(key) == wanted, "each branch counted once, over a restart")
        redis.close()


def test_a_worker_with_unusable_settings_says_which(
    bench: WorkerBench, run_smart_routing: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    os.environ["SMART_ROUTING_WORKER_BATCH_EVENTS"] = "many"
    try:
        done = run_smart_routing(bench.deployment, "worker")
    finally:
        del os.environ["SMART_ROUTING_WORKER_BATCH_EVENTS"]
    assert done.returncode == 1
    assert "SMART_ROUTING_WORKER_BATCH_EVENTS" in done.stderr
    assert "found 'many'" in done.stderr
