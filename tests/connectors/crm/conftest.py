"""CRMs on the real Kafka."""

from collections.abc import Iterator

import pytest

from schemas.deployment import Deployment
from tests.connectors.crm.card_bench import DEFINITIONS
from tests.connectors.record_bench import published


@pytest.fixture(scope="module")
def shared(kafka: str) -> Iterator[Deployment]:
    """Definitions that no test of the module changes."""
    yield from published(kafka, "crm", DEFINITIONS)


@pytest.fixture
def own(kafka: str) -> Iterator[Deployment]:
    """The same, for a test that changes them."""
    yield from published(kafka, "crm", DEFINITIONS)
