"""A bench on the real Kafka with a Redis of its own."""

import secrets
from collections.abc import Iterator

import pytest

from schemas.deployment import Deployment
from smart_routing.embedded import EmbeddedRedis
from smart_routing.topic_admin import TopicAdmin
from tests.connectors.command_bench import CommandBench

KEY = "a key of the tests, long enough"


def benches(kafka: str, redis: EmbeddedRedis, family: str) -> Iterator[CommandBench]:
    """A deployment with only the topics that a connector and a gateway touch: most tests have one, and topics take their time."""
    prefix = f"test-{secrets.token_hex(4)}."
    deployment = Deployment(bootstrap_servers=kafka, topic_prefix=prefix, partitions=2, redis_url=redis.url, conversation_key=KEY)
    topics = deployment.topics
    touched = {topics.inbound, topics.responses, topics.dead_letters, topics.commands(family)}
    with TopicAdmin(kafka) as admin:
        admin.create([spec for spec in topics.specs(deployment.partitions) if spec.name in touched])
        bench = CommandBench(deployment, family)
        yield bench
        bench.close()
        admin.delete(touched)


@pytest.fixture
def bench(kafka: str, redis_server: EmbeddedRedis) -> Iterator[CommandBench]:
    yield from benches(kafka, redis_server, "messaging")


@pytest.fixture
def web_bench(kafka: str, redis_server: EmbeddedRedis) -> Iterator[CommandBench]:
    yield from benches(kafka, redis_server, "web_service")
