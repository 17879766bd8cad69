"""What connectors know of definitions."""

import asyncio
import json
import secrets
from contextlib import asynccontextmanager

import pytest
from confluent_kafka import Producer

from connectors.framework.definitions import Definitions
from connectors.framework.errors import Retry
from schemas.codec import Codec
from schemas.deployment import Deployment
from smart_routing.embedded import EmbeddedBroker
from smart_routing.topic_admin import TopicAdmin
from tests.connectors.command_bench import PATIENCE_SECONDS, around


class Publisher:
    """Writes definitions."""

    def __init__(self, deployment: Deployment) -> None:
        self._topic = deployment.topics.definitions
        self._settings = {"bootstrap.servers": deployment.bootstrap_servers, "log_level": 0}
        self._producer = Producer(self._settings)

    def put(self, kind, identity, reference, status="published", **document):
        content = json.dumps({"id": identity, "reference": reference, **document}) if status == "published" else ""
        datum = {"kind": kind, "id": identity, "reference": reference, "version": 0, "status": status, "document": content}
        value = Codec().encode("definition", {**datum, "content_hash": "", "published_at": 0, "author": "tests"})
        self.put_bytes(value)

    def put_bytes(self, value, producer=None):
        producer = producer or self._producer
        producer.produce(self._topic, value, b"key")
        assert producer.flush(PATIENCE_SECONDS) == 0

    def transaction(self):
        producer = Producer({**self._settings, "transactional.id": secrets.token_hex(4)})
        producer.init_transactions(PATIENCE_SECONDS)
        producer.begin_transaction()
        return producer


@pytest.fixture
def deployment(kafka):
    made = Deployment(bootstrap_servers=kafka, topic_prefix=f"test-{secrets.token_hex(4)}.", partitions=1)
    with TopicAdmin(kafka) as admin:
        admin.create([spec for spec in made.topics.specs(1) if spec.name == made.topics.definitions])
        yield made
        admin.delete([made.topics.definitions])


@asynccontextmanager
async def opened(deployment):
    definitions = Definitions(around(deployment))
    try:
        await definitions.open()
        yield definitions
    finally:
        await definitions.close()


async def test_the_latest_document_in_service_counts(deployment):
    publisher = Publisher(deployment)
    publisher.put("queue", "q1", "sales", skills=["french"])
    publisher.put("queue", "q2", "support")
    publisher.put("user", "u1", "nora")
    publisher.put("queue", "q1", "sales", skills=["german"])
    async with opened(deployment) as definitions:
        assert (await definitions.find("queue", "sales"))["skills"] == ["german"]
        assert [queue["reference"] for queue in await definitions.all_of("queue")] == ["sales", "support"]
        assert await definitions.find("queue", "nora") is None


async def test_what_is_published_later_is_found_at_the_first_question(deployment):
    publisher = Publisher(deployment)
    async with opened(deployment) as definitions:
        for number in range(5):
            assert await definitions.find("queue", f"q{number}") is None
            publisher.put("queue", f"q{number}", f"q{number}")
            assert await definitions.find("queue", f"q{number}") is not None


async def test_renamed_and_deleted_ones_are_found_no_more(deployment):
    publisher = Publisher(deployment)
    publisher.put("queue", "q1", "sales")
    publisher.put("queue", "q1", "sales_europe")
    publisher.put("queue", "q2", "support")
    publisher.put("queue", "q2", "support", status="deleted")
    async with opened(deployment) as definitions:
        assert await definitions.find("queue", "sales") is None
        assert await definitions.find("queue", "sales_europe") is not None
        assert await definitions.find("queue", "support") is None


async def test_what_cannot_be_read_is_passed_over(deployment):
    publisher = Publisher(deployment)
    publisher.put_bytes(b"no record of ours")
    publisher.put("queue", "q1", "sales")
    async with opened(deployment) as definitions:
        assert await definitions.find("queue", "sales") is not None


async def test_what_an_open_transaction_writes_is_not_there_yet_and_is_not_waited_for(deployment):
    publisher = Publisher(deployment)
    producer = publisher.transaction()
    publisher.put_bytes(b"of a transaction", producer)
    async with opened(deployment) as definitions:
        assert await definitions.find("queue", "sales") is None
        producer.abort_transaction(PATIENCE_SECONDS)
        publisher.put("queue", "q1", "sales")
        assert await definitions.find("queue", "sales") is not None


async def test_where_kafka_is_away_nothing_is_taken_for_missing(monkeypatch):
    monkeypatch.setattr("connectors.framework.definitions._CATCH_UP_SECONDS", 0.5)
    deployment = Deployment(bootstrap_servers="127.0.0.1:9", topic_prefix="sr.", partitions=1, embedded=True)
    with EmbeddedBroker() as broker:
        deployment = deployment.model_copy(update={"bootstrap_servers": broker.bootstrap_servers})
        broker.create_topic(deployment.topics.definitions, 1)
        publisher = Publisher(deployment)
        publisher.put("queue", "q1", "sales")
        async with opened(deployment) as definitions:
            broker.set_down()
            assert await definitions.find("queue", "sales") is not None
            with pytest.raises(Retry, match="unreachable"):
                await definitions.find("queue", "support")
            broker.set_up()
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    try:
                        assert await definitions.find("queue", "support") is None
                        break
                    except Retry:
                        continue
