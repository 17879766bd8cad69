"""CRMs on the real Kafka."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from connectors.crm.connector import CrmConnector
from connectors.crm.tables import metadata
from schemas.deployment import Deployment
from tests.connectors.crm.card_bench import DEFINITIONS, Cards
from tests.connectors.emptied import emptied
from tests.connectors.record_bench import Commands, opened, published


@pytest.fixture(scope="module")
def shared(kafka: str) -> Iterator[Deployment]:
    """Definitions that no test of the module changes."""
    yield from published(kafka, "crm", DEFINITIONS)


@pytest.fixture
def own(kafka: str) -> Iterator[Deployment]:
    """The same, for a test that changes them."""
    yield from published(kafka, "crm", DEFINITIONS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connector(shared: Deployment, shared_sql_url: str) -> AsyncIterator[Commands]:
    """One connector for all tests of a module, on SQLite and on PostgreSQL: opening one takes longer than most tests."""
    async with opened(CrmConnector, shared, shared_sql_url) as commands:
        yield commands


@pytest_asyncio.fixture(loop_scope="module")
async def kept_here(connector: Commands) -> Cards:
    """Directories and objects without a card."""
    await emptied(connector.database, metadata)
    return Cards(connector)
