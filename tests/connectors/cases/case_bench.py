"""A cases connector on a real store, with the case types of the tests."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text

from connectors.cases.connector import CasesConnector
from connectors.framework.context import Context
from connectors.framework.errors import CommandFailed
from connectors.framework.outcome import Outcome
from schemas.deployment import Deployment
from smart_routing.topic_admin import TopicAdmin
from tests.connectors.command_bench import QUICK, around
from tests.connectors.test_definitions import Publisher

KEY = "a key of the tests, long enough"

COMPLAINT = {
    "name": "Complaint",
    "fields": {
        "status": {"type": "list", "values": ["new", "open", "answered"]},
        "refund": {"type": "number"},
        "flown_on": {"type": "date"},
        "called_at": {"type": "date_and_time"},
        "mail": {"type": "email"},
        "mobile": {"type": "phone"},
        "photo": {"type": "image"},
        "urgent": {"type": "boolean"},
        "story": {"type": "long_text"},
        "topic": {"type": "list", "values": ["luggage", "delay"]},
    },
}
ORDER = {"name": "Order", "fields": {"number": {"type": "text", "required": True}}}


def published_types(kafka: str, redis_url: str = "redis://127.0.0.1:1") -> Iterator[Deployment]:
    """A deployment whose definitions have the case types `complaint` and `order`."""
    deployment = Deployment(
        bootstrap_servers=kafka, topic_prefix=f"test-{secrets.token_hex(4)}.", partitions=2, redis_url=redis_url, conversation_key=KEY
    )
    topics = deployment.topics
    touched = {topics.definitions, topics.responses, topics.dead_letters, topics.commands("cases")}
    with TopicAdmin(kafka) as admin:
        admin.create([spec for spec in topics.specs(2) if spec.name in touched])
        publisher = Publisher(deployment)
        publisher.put("case_type", "complaint", "complaint", **COMPLAINT)
        publisher.put("case_type", "order", "order", **ORDER)
        yield deployment
        admin.delete(touched)


def context(
    command_id: str, *, interaction: str = "c1-1", issued_at: int = 1_780_000_000_000, address: str = "ann", **more: Any
) -> Context:
    """The envelope of a command."""
    envelope = {
        "command_id": command_id,
        "conversation_id": "c1",
        "interaction_id": interaction,
        "flow": "main",
        "flow_version": 7,
        "issued_at": issued_at,
        "deadline": None,
        "channel": "web_chat",
        "account": "demo",
        "address": address,
        **more,
    }
    return Context.of(envelope)


class Commands:
    """Calls the connector as the framework does, and tells what came of it: outcome, reason, values."""

    def __init__(self, connector: CasesConnector) -> None:
        self.connector = connector
        self.database = connector._database

    async def create(self, command_id: str, case_type: str = "complaint", title: str = "A rucksack", **more: Any):
        return await self._call("CreateCase", {"case_type": case_type, "title": title}, command_id, more)

    async def associate(self, command_id: str, reference: str | None = None, **more: Any):
        return await self._call("AssociateCase", {"reference": reference}, command_id, more)

    async def dissociate(self, command_id: str, **more: Any):
        return await self._call("DissociateCase", {"reference": None}, command_id, more)

    async def modify(self, command_id: str, reference: str, values: Mapping[str, str], declared: str = "text", **more: Any):
        fields = [{"name": name, "type": declared, "value": value} for name, value in values.items()]
        return await self._call("ModifyCase", {"reference": reference, "fields": fields}, command_id, more)

    async def _call(self, name: str, body: Mapping[str, Any], command_id: str, more: Mapping[str, Any]):
        method = self.connector.commands[name]
        try:
            outcome = await method.execute(self.connector, body, context(command_id, **more))
        except CommandFailed as failed:
            outcome = Outcome.failed(method.failure, failed)
        return outcome.outcome, outcome.reason, dict(outcome.values)

    async def linked(self, interaction: str = "c1-1") -> Any:
        """The reference of the case that an interaction belongs to."""
        wanted = "SELECT c.reference FROM cases_link l JOIN cases_case c ON c.id = l.case_id WHERE l.interaction_id = :interaction"
        async with self.database.reading() as connection:
            return await connection.scalar(text(wanted), {"interaction": interaction})

    async def count(self, table: str) -> Any:
        async with self.database.reading() as connection:
            return await connection.scalar(text(f"SELECT count(*) FROM {table}"))


@asynccontextmanager
async def commands(deployment: Deployment, sql_url: str, **environment: str):
    """An open connector."""
    connector = CasesConnector(around(deployment, QUICK, SMART_ROUTING_SQL_URL=sql_url, **environment))
    try:
        await connector.open()
        yield Commands(connector)
    finally:
        await connector.close()
