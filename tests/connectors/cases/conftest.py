"""Case types on the real Kafka."""

from collections.abc import Iterator

import pytest

from schemas.deployment import Deployment
from tests.connectors.cases.case_bench import published_types


@pytest.fixture
def types(kafka: str) -> Iterator[Deployment]:
    yield from published_types(kafka)
