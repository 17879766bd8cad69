"""A bench on the real Kafka with a Redis of its own."""

import secrets
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from connectors.sql.migration import migrate
from schemas.deployment import Deployment
from smart_routing.embedded import EmbeddedRedis
from smart_routing.topic_admin import TopicAdmin
from tests.connectors.command_bench import CommandBench
from tests.connectors.postgresql_server import PostgresqlServer

KEY = "a key of the tests, long enough"
FAMILIES = sorted(path.name for path in files("connectors").iterdir() if path.is_dir() and (path / "migrations").is_dir())
"""Those that have tables of their own in the SQL store."""


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


@pytest.fixture(scope="module")
def shared_redis() -> Iterator[EmbeddedRedis]:
    """A Redis for all tests of a module, as `redis_server` is one for each."""
    program = shutil.which("redis-server")
    with EmbeddedRedis(executable=Path(program) if program else None) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A real PostgreSQL server."""
    with PostgresqlServer() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database on SQLite that has the tables of every family, for tests to have copies of."""
    path = tmp_path_factory.mktemp("migrated") / "connectors.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: PostgresqlServer) -> Iterator[tuple[str, str]]:
    """Two such databases on PostgreSQL, for one test and for one module at a time: they are emptied, which is quicker than any copy."""
    with postgresql.database() as of_a_test, postgresql.database() as of_a_module:
        for url in (of_a_test, of_a_module):
            _migrate(url.replace("postgresql:", "postgresql+psycopg:", 1))
        yield of_a_test, of_a_module


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer, migrated_postgresql: tuple[str, str]) -> Iterator[str]:
    """The address of a database on PostgreSQL, as SMART_ROUTING_SQL_URL takes it: tables and no rows."""
    url, _ = migrated_postgresql
    yield url
    postgresql.empty(url)


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """The address of one on SQLite."""
    return f"sqlite:///{shutil.copyfile(migrated_sqlite, tmp_path / 'connectors.db')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def sql_url(request: pytest.FixtureRequest) -> str:
    """The address of a database with tables and no rows: the test runs on SQLite and on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_sql_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same for all tests of a module, which leave nothing there; see `emptied`."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("shared") / "connectors.db"
        yield f"sqlite:///{shutil.copyfile(request.getfixturevalue('migrated_sqlite'), path)}"
        return
    postgresql: PostgresqlServer = request.getfixturevalue("postgresql")
    _, url = request.getfixturevalue("migrated_postgresql")
    yield url
    postgresql.empty(url)


def _migrate(url: str) -> None:
    for family in FAMILIES:
        migrate(make_url(url), family)
