"""A tasks connector on a real store."""

import json
from contextlib import asynccontextmanager
from typing import Any

from connectors.framework.context import Context
from connectors.framework.errors import CommandFailed, Retry
from connectors.framework.outcome import Outcome
from connectors.tasks.connector import TasksConnector
from schemas.deployment import Deployment
from tests.connectors.command_bench import QUICK, around
from tests.connectors.tasks.salesforce_server import CLIENT, SECRET, SalesforceServer

ISSUED = 1_780_000_000_000
ALLOWED = QUICK.model_copy(update={"allowed_hosts": ("127.0.0.1",)})


def configured(server: SalesforceServer, **more: Any) -> dict[str, str]:
    """The setting of an organisation."""
    chosen = {"url": server.url, "client_id": CLIENT, "client_secret": SECRET, "timeout_seconds": 2, **more}
    return {"SMART_ROUTING_TASKS_SALESFORCE": json.dumps({name: value for name, value in chosen.items() if value is not None})}


class Tasks:
    """Calls the connector as the framework does, and tells what came of it: outcome, reason, values."""

    def __init__(self, connector: TasksConnector) -> None:
        self.connector = connector
        self.database = connector._database

    async def create(self, command_id: str, **body: Any):
        try:
            outcome = await self.create_once(command_id, **body)
        except CommandFailed as failed:
            outcome = Outcome.failed("error", failed)
        return outcome.outcome, outcome.reason, dict(outcome.values)

    async def create_once(self, command_id: str, **body: Any) -> Outcome:
        given = {"name": "Call Ann back", "category": "call_back", "kind": "standard", "start_date": None, "end_date": None, **body}
        envelope = {
            "command_id": command_id,
            "conversation_id": "c1",
            "interaction_id": "c1-1",
            "flow": "main",
            "flow_version": 7,
            "issued_at": ISSUED,
            "deadline": None,
            "channel": "sms",
            "account": "+33100000000",
            "address": "+33612345678",
        }
        return await self.connector.create_task(given, Context.of(envelope))

    async def tries_again(self, command_id: str, **body: Any) -> Retry:
        """The Retry that the command ends with."""
        try:
            outcome = await self.create_once(command_id, **body)
        except Retry as retry:
            return retry
        raise AssertionError(outcome)

    async def rows(self) -> list[Any]:
        async with self.database.reading() as connection:
            return list((await connection.exec_driver_sql("SELECT * FROM tasks_task ORDER BY name")).all())


@asynccontextmanager
async def tasks(sql_url: str, settings=ALLOWED, **environment: str):
    """An open connector."""
    connector = TasksConnector(around(Deployment(), settings, SMART_ROUTING_SQL_URL=sql_url, **environment))
    try:
        await connector.open()
        yield Tasks(connector)
    finally:
        await connector.close()
