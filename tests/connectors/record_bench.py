"""Connectors of records (custom databases, CRMs) on a real store, with definitions that the test publishes."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from connectors.framework.connector import Connector
from connectors.framework.context import Context
from connectors.framework.errors import CommandFailed
from connectors.framework.outcome import Outcome
from connectors.framework.settings import ConnectorSettings
from schemas.deployment import Deployment
from smart_routing.topic_admin import TopicAdmin
from tests.connectors.command_bench import QUICK, around
from tests.connectors.test_definitions import Publisher

KEY = "a key of the tests, long enough"


def published(
    kafka: str, family: str, definitions: Mapping[str, Mapping[str, Any]], redis_url: str = "redis://127.0.0.1:1"
) -> Iterator[Deployment]:
    """A deployment in which these definitions are in service: reference → document with its kind; the id is `<reference>-id`."""
    deployment = Deployment(
        bootstrap_servers=kafka, topic_prefix=f"test-{secrets.token_hex(4)}.", partitions=2, redis_url=redis_url, conversation_key=KEY
    )
    topics = deployment.topics
    touched = {topics.definitions, topics.responses, topics.dead_letters, topics.commands(family)}
    with TopicAdmin(kafka) as admin:
        admin.create([spec for spec in topics.specs(2) if spec.name in touched])
        for reference, document in definitions.items():
            publish(deployment, reference, document)
        yield deployment
        admin.delete(touched)


def publish(deployment: Deployment, reference: str, document: Mapping[str, Any], identity: str | None = None, **more: str) -> None:
    """Publish a definition, or another state of it."""
    content = {name: value for name, value in document.items() if name != "kind"}
    Publisher(deployment).put(document["kind"], identity or f"{reference}-id", reference, **more, **content)


class Commands:
    """Calls a connector as the framework does, and tells what came of it: outcome, reason, values."""

    def __init__(self, connector: Any) -> None:
        self.connector = connector
        self.database = connector._database
        self._number = 0

    async def call(self, name: str, body: Mapping[str, Any], command_id: str | None = None, **envelope: Any):
        """Execute a command, by default one of its own."""
        self._number += 1
        method = self.connector.commands[name]
        context = self.context(command_id or f"c1-{secrets.token_hex(3)}-{self._number}", **envelope)
        try:
            outcome = await method.execute(self.connector, body, context)
        except CommandFailed as failed:
            outcome = Outcome.failed(method.failure, failed)
        return outcome.outcome, outcome.reason, dict(outcome.values)

    def context(self, command_id: str, **envelope: Any) -> Context:
        """The envelope of a command."""
        given = {
            "command_id": command_id,
            "conversation_id": "c1",
            "interaction_id": "c1-1",
            "flow": "main",
            "flow_version": 1,
            "action": "a1",
            "issued_at": 1_780_000_000_000,
            "deadline": None,
            "channel": "whatsapp",
            "account": "demo",
            "address": "+33612345678",
            **envelope,
        }
        return Context.of(given)

    async def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """What the store itself says."""
        async with self.database.reading() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(statement)]


@asynccontextmanager
async def opened(kind: type[Connector], deployment: Deployment, sql_url: str, *, settings: ConnectorSettings = QUICK, **environment: str):
    """An open connector."""
    connector = kind(around(deployment, settings, SMART_ROUTING_SQL_URL=sql_url, **environment))  # type: ignore[call-arg]  # a family takes surroundings
    try:
        await connector.open()
        yield Commands(connector)
    finally:
        await connector.close()
