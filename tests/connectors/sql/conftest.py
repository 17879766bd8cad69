"""Empty databases: these tests migrate them themselves."""

from pathlib import Path

import pytest

from tests.connectors.postgresql_server import PostgresqlServer


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer):
    """The address of an empty database of the test's own on PostgreSQL."""
    with postgresql.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of one on SQLite."""
    return f"sqlite:///{tmp_path / 'connectors.db'}"
