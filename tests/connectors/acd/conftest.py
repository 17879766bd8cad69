"""The ACD's benches."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from smart_routing.embedded import EmbeddedRedis
from tests.connectors.acd.acd_bench import AcdBench, benches


@pytest.fixture(scope="module")
def module_redis() -> Iterator[EmbeddedRedis]:
    """A Redis for all tests of a file."""
    program = shutil.which("redis-server")
    with EmbeddedRedis(executable=Path(program) if program else None) as server:
        yield server


@pytest.fixture
def acd(kafka: str, redis_server: EmbeddedRedis) -> Iterator[AcdBench]:
    """Our own ACD with a queue `support` and the agent `anna`."""
    for bench in benches(kafka, redis_server, offer_seconds="1", misses="5", ask_again_seconds="1"):
        bench.publish("queue", "support")
        bench.publish("user", "anna", queues=["support"], capacity=2)
        yield bench
