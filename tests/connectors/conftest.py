"""A bench on the real Kafka with a Redis of its own."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.deployment import Deployment
from smart_routing.embedded import EmbeddedRedis
from smart_routing.topic_admin import TopicAdmin
from tests.connectors.command_bench import CommandBench
from tests.connectors.postgresql_server import PostgresqlServer

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


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A real PostgreSQL server."""
    with PostgresqlServer() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer) -> Iterator[str]:
    """The address of an empty database of the test's own on PostgreSQL, as SMART_ROUTING_SQL_URL takes it."""
    name = f"test_{secrets.token_hex(4)}"
    postgresql.execute(f"CREATE DATABASE {name}")
    yield postgresql.url(name)
    postgresql.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def sql_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database: the test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'connectors.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url
