"""A journal that tests write, as workers do: in transactions, with the offsets of what was applied."""

import secrets
from collections.abc import Iterator

import pytest

from schemas.deployment import Deployment
from smart_routing.embedded import EmbeddedRedis
from smart_routing.topic_admin import TopicAdmin
from tests.connectors.conftest import KEY
from tests.connectors.contacts.journal_bench import JournalBench


@pytest.fixture
def journal(kafka: str, redis_server: EmbeddedRedis) -> Iterator[JournalBench]:
    prefix = f"test-{secrets.token_hex(4)}."
    deployment = Deployment(bootstrap_servers=kafka, topic_prefix=prefix, partitions=3, redis_url=redis_server.url, conversation_key=KEY)
    topics = deployment.topics
    touched = {topics.inbound, topics.journal, topics.responses, topics.dead_letters, topics.commands("contacts")}
    with TopicAdmin(kafka) as admin:
        admin.create([spec for spec in topics.specs(deployment.partitions) if spec.name in touched])
        bench = JournalBench(deployment)
        yield bench
        bench.close()
        admin.delete(touched)
