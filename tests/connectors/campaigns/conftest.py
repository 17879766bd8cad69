"""Campaigns that are published, for all tests of the family; the store is each test's own."""

import secrets
from contextlib import contextmanager

import pytest
import pytest_asyncio

from connectors.campaigns.connector import CampaignsConnector
from connectors.campaigns.tables import metadata
from connectors.framework.context import Context
from schemas.deployment import Deployment
from smart_routing.topic_admin import TopicAdmin
from tests.connectors.command_bench import CommandBench, around
from tests.connectors.conftest import KEY
from tests.connectors.emptied import emptied
from tests.connectors.test_definitions import Publisher

LEAD = {
    "name": {"required": True},
    "age": {"type": "number"},
    "size": {"type": "list", "values": ["small", "large"]},
    "seen": {"type": "date_and_time"},
}


@contextmanager
def publishing(kafka, **more):
    """A deployment with campaigns of each medium and a layout."""
    deployment = Deployment(
        bootstrap_servers=kafka, topic_prefix=f"test-{secrets.token_hex(4)}.", partitions=2, conversation_key=KEY, **more
    )
    topics = deployment.topics
    wanted = {topics.definitions, topics.commands("campaigns"), topics.responses, topics.dead_letters}
    with TopicAdmin(kafka) as admin:
        admin.create([spec for spec in topics.specs(2) if spec.name in wanted])
        publisher = Publisher(deployment)
        for medium in ("sms", "voice", "whatsapp"):
            publisher.put(f"{medium}_campaign", "w", "winter", name=f"Winter by {medium}")
        publisher.put("sms_campaign", "n", "narrow", lowest_priority=3, highest_priority=4)
        publisher.put("sms_campaign", "g", "gone")
        publisher.put("sms_campaign", "g", "gone", status="deleted")
        publisher.put("campaign_layout", "l", "lead", fields=LEAD)
        yield deployment
        admin.delete(wanted)


@pytest.fixture(scope="module")
def published(kafka):
    with publishing(kafka) as deployment:
        yield deployment


@pytest.fixture
def family_bench(kafka, redis_server):
    """Kafka's side of the connector, with topics of the test's own."""
    with publishing(kafka, redis_url=redis_server.url) as deployment:
        made = CommandBench(deployment, "campaigns")
        yield made
        made.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_connector(published, shared_sql_url):
    """One connector for all tests of a module, on SQLite and on PostgreSQL: opening one takes longer than most tests."""
    made = CampaignsConnector(around(published, SMART_ROUTING_SQL_URL=shared_sql_url))
    try:
        await made.open()
        yield made
    finally:
        await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def connector(shared_connector):
    """A connector and no target."""
    await emptied(shared_connector._database, metadata)
    return shared_connector


def insertion(**changes):
    """Body of a command that is carried out."""
    return {
        "medium": "sms",
        "campaign": "winter",
        "phone_number": "+33612345678",
        "insert_if_duplicate": False,
        "start_date": "2026-03-01T14:30:00+01:00",
        "priority": 3,
        "layout": None,
        "fields": [],
        **changes,
    }


def field(name, value, of_type="text"):
    return {"name": name, "type": of_type, "value": value}


def context(number=1, conversation="c1"):
    command_id = f"{conversation}-1-{number}"
    return Context(command_id, conversation, None, {"interaction_id": f"{conversation}-1", "flow": "main"})
