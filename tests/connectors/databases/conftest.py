"""Custom databases on the real Kafka."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from connectors.databases.connector import DatabasesConnector
from connectors.databases.tables import metadata
from schemas.deployment import Deployment
from tests.connectors.databases.row_bench import ORDERS, Rows
from tests.connectors.emptied import emptied
from tests.connectors.record_bench import Commands, opened, published


@pytest.fixture(scope="module")
def shared(kafka: str) -> Iterator[Deployment]:
    """Definitions that no test of the module changes: the database `orders`."""
    yield from published(kafka, "databases", {"orders": ORDERS})


@pytest.fixture
def own(kafka: str) -> Iterator[Deployment]:
    """The same, for a test that changes them."""
    yield from published(kafka, "databases", {"orders": ORDERS})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connector(shared: Deployment, shared_sql_url: str) -> AsyncIterator[Commands]:
    """One connector for all tests of a module, on SQLite and on PostgreSQL: opening one takes longer than most tests."""
    async with opened(DatabasesConnector, shared, shared_sql_url) as commands:
        yield commands


@pytest_asyncio.fixture(loop_scope="module")
async def orders(connector: Commands) -> Rows:
    """The database `orders` without a row."""
    await emptied(connector.database, metadata)
    return Rows(connector)
