"""Case types on the real Kafka."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from connectors.cases.tables import metadata
from schemas.deployment import Deployment
from tests.connectors.cases.case_bench import Commands, commands, published_types
from tests.connectors.emptied import emptied


@pytest.fixture(scope="module")
def types(kafka: str) -> Iterator[Deployment]:
    """Definitions that no test of the module changes."""
    yield from published_types(kafka)


@pytest.fixture
def own_types(kafka: str) -> Iterator[Deployment]:
    """The same, for a test that changes them."""
    yield from published_types(kafka)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connector(types: Deployment, shared_sql_url: str) -> AsyncIterator[Commands]:
    """One connector for all tests of a module, on SQLite and on PostgreSQL: opening one takes longer than most tests."""
    async with commands(types, shared_sql_url) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def cases(connector: Commands) -> Commands:
    """A connector and no case."""
    await emptied(connector.database, metadata)
    return connector
