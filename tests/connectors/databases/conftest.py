"""Custom databases on the real Kafka."""

from collections.abc import Iterator

import pytest

from schemas.deployment import Deployment
from tests.connectors.databases.row_bench import ORDERS
from tests.connectors.record_bench import published


@pytest.fixture(scope="module")
def shared(kafka: str) -> Iterator[Deployment]:
    """Definitions that no test of the module changes: the database `orders`."""
    yield from published(kafka, "databases", {"orders": ORDERS})


@pytest.fixture
def own(kafka: str) -> Iterator[Deployment]:
    """The same, for a test that changes them."""
    yield from published(kafka, "databases", {"orders": ORDERS})
