"""Customers who come back, a real worker, and connectors in processes of their own, one of which is killed again and again."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from schemas.deployment import Deployment
from smart_routing.embedded import EmbeddedBroker, EmbeddedRedis
from tests.runtime.worker_bench import ENTRY, KEY, WorkerBench, flow

LINKS = [f"link_{number}" for number in range(1, 11)]
COUNT = {
    "type": "check_nth_contact", "time_interval_to_be_counted": "days", "value": 30, "timeout": 300,
    "links": dict.fromkeys([*LINKS, "no_link"], "end"),
    **{link: number for number, link in enumerate(LINKS)},
}  # fmt: skip


@pytest.fixture
def bench(deployment: Callable[..., Deployment], redis_server: EmbeddedRedis, tmp_path: Path) -> Iterator[WorkerBench]:
    made = WorkerBench(deployment(redis_url=redis_server.url, conversation_key=KEY), tmp_path)
    yield made
    made.stop()


def command(deployment: Deployment, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "smart_routing", *arguments]


def environment(deployment: Deployment) -> dict[str, str]:
    quick = {"PRESENCE_SECONDS": "1.2", "SESSION_SECONDS": "6", "METRICS_PORT": "0", "RETRY_LONGEST_SECONDS": "0.2"}
    return {**os.environ, **deployment.to_environment(), **{f"SMART_ROUTING_CONNECTORS_{name}": value for name, value in quick.items()}}


@contextmanager
def connectors(deployment: Deployment) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command(deployment, "connectors", "run", "contacts"), env=environment(deployment), stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def await_follower(bench: WorkerBench) -> None:
    """Wait until a connector is at work: how long it takes to start is not what is tried."""
    with Redis.from_url(bench.deployment.redis_url) as redis:
        bench.await_(lambda: redis.exists(f"{bench.deployment.topic_prefix}contacts:generation"), "a connector that takes in the journal")


def links_of(bench: WorkerBench) -> dict[str, list[str]]:
    """Conversation → the links that its interactions took, in order."""
    taken: dict[str, list[str]] = {}
    for record in bench.read("journal"):
        for step in record["steps"]:
            if step["type"] == "check_nth_contact" and step["branch"] is not None:
                taken.setdefault(record["conversation_id"], []).append(step["branch"])
    return taken


def test_every_customer_takes_the_link_of_the_contact_though_connectors_are_killed_and_contacts_built_anew(bench: WorkerBench) -> None:
    bench.publish(flow({"count": COUNT}), ENTRY)
    bench.start()
    over, killed = threading.Event(), []

    def kill_again_and_again() -> None:
        while not over.is_set():
            with connectors(bench.deployment) as process:
                over.wait(4)
                process.send_signal(signal.SIGKILL)
                killed.append(process.wait())

    killing = threading.Thread(target=kill_again_and_again)
    with connectors(bench.deployment):
        await_follower(bench)
        killing.start()
        try:
            for visit in range(1, 6):
                names = [bench.write(f"customer {number}", f"{visit}", "hello") for number in range(6)]
                bench.await_(
                    lambda names=names, visit=visit: all(len(links_of(bench).get(name, ())) >= visit for name in names),  # type: ignore[misc]  # mypy infers no lambda with defaults
                    f"{visit} counts of each customer",
                )
                if visit == 3:
                    built = subprocess.run(
                        command(bench.deployment, "contacts", "rebuild"),
                        env=environment(bench.deployment), capture_output=True, text=True, check=False, timeout=60,
                    )  # fmt: skip
                    assert (built.returncode, built.stdout) == (0, "Contacts are built anew and count.\n"), built.stderr
                if visit == 4:
                    with Redis.from_url(bench.deployment.redis_url) as redis:
                        keys = redis.keys("*contacts:*")
                        assert keys
                        redis.delete(*(key for key in keys if b"commands." not in key))
        finally:
            over.set()
            killing.join()
    assert len(killed) > 1
    assert set(killed) == {-signal.SIGKILL}
    assert {tuple(links) for links in links_of(bench).values()} == {("link_1", "link_2", "link_3", "link_4", "link_5")}


def test_contacts_are_counted_on_the_embedded_broker(embedded_broker: EmbeddedBroker, redis_server: EmbeddedRedis, tmp_path: Path) -> None:
    deployment = Deployment(bootstrap_servers=embedded_broker.bootstrap_servers, partitions=2, redis_url=redis_server.url, embedded=True)
    bench = WorkerBench(deployment, tmp_path)
    bench.publish(flow({"count": COUNT}), ENTRY)
    bench.start()
    try:
        with connectors(deployment):
            await_follower(bench)
            for visit in range(1, 4):
                name = bench.write("customer", f"{visit}", "hello")
                bench.await_(
                    lambda name=name, visit=visit: len(links_of(bench).get(name, ())) >= visit,  # type: ignore[misc]  # mypy infers no lambda with defaults
                    f"{visit} counts",
                )
        assert list(links_of(bench).values()) == [["link_1", "link_2", "link_3"]]
    finally:
        bench.stop()


def test_a_rebuild_without_kafka_says_so(redis_server: EmbeddedRedis) -> None:
    deployment = Deployment(bootstrap_servers="127.0.0.1:1", redis_url=redis_server.url, conversation_key=KEY)
    built = subprocess.run(
        command(deployment, "contacts", "rebuild"), env=environment(deployment), capture_output=True, text=True, check=False, timeout=60
    )
    assert built.returncode != 0
    assert "127.0.0.1:1" in built.stderr
    assert "Traceback" not in built.stderr
