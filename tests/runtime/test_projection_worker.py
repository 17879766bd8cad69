"""The projections of a worker as operators run it: written, and made whole again after Redis lost them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from processor.runtime.waiting import CountsUnavailable, read_waiting
from schemas.deployment import Deployment
from smart_routing.embedded import EmbeddedRedis
from smart_routing.free_port import free_port
from tests.runtime.test_worker import ASK, VARIABLES
from tests.runtime.test_worker_process import worker
from tests.runtime.worker_bench import ENTRY, WorkerBench, flow


@pytest.fixture
def bench(deployment: Callable[..., Deployment], redis_server: EmbeddedRedis, tmp_path: Path) -> Iterator[WorkerBench]:
    made = WorkerBench(deployment(redis_url=redis_server.url), tmp_path)
    yield made
    made.stop()


def waiting(bench: WorkerBench) -> dict[tuple[str, int], dict[str, int]] | None:
    try:
        return read_waiting(bench.deployment, [("greeting", 1), ("greeting", 2)])
    except CountsUnavailable:
        return None


def test_those_who_wait_are_counted_and_counted_again_when_redis_forgot(bench: WorkerBench) -> None:
    bench.publish(flow({"ask": ASK}, VARIABLES), ENTRY)
    assert waiting(bench) == {}, "nothing is journalled: that is whole"
    with worker(bench, free_port()):
        for number in range(5):
            bench.write(f"customer {number}", "1", "hi")
        bench.write("customer 0", "2", "42")
        bench.await_(lambda: waiting(bench) == {("greeting", 1): {"ask": 4}}, "four who wait")
        with Redis.from_url(bench.deployment.redis_url) as redis:
            redis.flushall()
        assert waiting(bench) is None, "nothing is counted: that is not believed"
        for number in range(5, 9):
            bench.write(f"customer {number}", "1", "hi")
        bench.await_(lambda: waiting(bench) == {("greeting", 1): {"ask": 8}}, "eight who wait, those before the loss among them")
    with Redis.from_url(bench.deployment.redis_url) as redis:
        redis.delete(*(f"{bench.deployment.topic_prefix}waits.offsets:{number}" for number in range(2)))
        redis.delete(*redis.keys(f"{bench.deployment.topic_prefix}wait*"))
    with worker(bench, free_port()):
        for number in range(9, 13):
            bench.write(f"customer {number}", "1", "hi")
        bench.await_(
            lambda: waiting(bench) == {("greeting", 1): {"ask": 12}}, "a projection that begins late reads the journal from its beginning"
        )


def test_counts_are_not_had_where_kafka_is_away(bench: WorkerBench) -> None:
    away = bench.deployment.model_copy(update={"bootstrap_servers": f"127.0.0.1:{free_port()}"})
    with pytest.raises(CountsUnavailable, match="the journal's end could not be asked for"):
        read_waiting(away, [("greeting", 1)])
