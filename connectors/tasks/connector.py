"""The tasks connector: one command, on the SQL store or in Salesforce (§ 5.9)."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.errors import Refused
from connectors.framework.field_values import check
from connectors.framework.outcome import Outcome
from connectors.framework.surroundings import Surroundings
from connectors.sql.database import Database
from connectors.tasks import store
from connectors.tasks.moment import Span
from connectors.tasks.salesforce import SalesforceTasks
from connectors.tasks.settings import TasksSettings
from connectors.tasks.task import SALESFORCE, STANDARD, Task

_IDS: Final = uuid.UUID("5d8a3c70-0c1f-4c8e-9a0e-2f6d1c2b7a11")
"""Namespace of tasks' ids, which are derived from commands' (RFC 9562, version 5)."""

_REASONS: Final = frozenset({"refused", "unreachable"})


def _target(body: Body, _context: Context) -> str | None:
    return SALESFORCE if body["kind"] == SALESFORCE else None


class TasksConnector(Connector):
    """Keeps tasks in SQL, and those of kind salesforce in Salesforce, too.

    In SQL a task and the note that its command was executed are one transaction. Salesforce is told the command's id with the task, so that
    a command that is executed again, because the connector died before its note was written, finds its task there.
    """

    family = "tasks"

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare. Raises SettingsError."""
        self._settings = surroundings.read(TasksSettings)
        self._database = Database(surroundings, self.family)
        salesforce = self._settings.salesforce
        self._salesforce = None if salesforce is None else SalesforceTasks(salesforce, surroundings.settings)

    async def open(self) -> None:
        """Connect to the store."""
        await self._database.open()
        if self._salesforce is not None:
            await self._salesforce.open()

    async def close(self) -> None:
        """Disconnect."""
        if self._salesforce is not None:
            await self._salesforce.close()
        await self._database.close()

    @command("CreateTask", idempotent=True, target=_target)
    async def create_task(self, body: Body, context: Context) -> Outcome:
        """Make the task."""
        identity = str(uuid.uuid5(_IDS, context.command_id))
        async with self._database.reading() as connection:
            task = await store.by_id(connection, identity)
        if task is None:
            task = await self._made(identity, body, context)

        async def work(connection: AsyncConnection) -> Outcome:
            await store.add(connection, task)
            return Outcome.ok(id=task.id, **({"salesforce_id": task.salesforce_id} if task.salesforce_id is not None else {}))

        return await self._database.once(context, work)

    async def _made(self, identity: str, body: Body, context: Context) -> Task:
        categories = self._settings.categories
        if categories and body["category"] not in categories:
            raise Refused("unknown_category", f"Expected one of the categories {', '.join(categories)}.")
        try:
            name, span = check("text", body["name"], field="name"), Span.of(body["start_date"], body["end_date"])
            category = check("text", body["category"], field="category")
        except Refused as unfit:
            raise Refused("refused", unfit.detail) from unfit
        if not name:
            raise Refused("refused", "Field name: expected a name, found none.")
        envelope = context.envelope
        salesforce_id = None
        if body["kind"] == SALESFORCE:
            if self._salesforce is None:
                raise Refused("refused", "Tasks of kind salesforce need the setting SMART_ROUTING_TASKS_SALESFORCE.")
            try:
                salesforce_id = await self._salesforce.make(context.command_id, _told(name, category, span, envelope))
            except Refused as refused:  # whatever HTTP failed of, the command has one word for it
                raise Refused(refused.reason if refused.reason in _REASONS else "refused", refused.detail) from refused
        elif body["kind"] != STANDARD:
            raise Refused("refused", "Expected kind standard or salesforce.")
        return Task(
            id=identity,
            name=name,
            category=category,
            kind=body["kind"],
            span=span,
            created_at=envelope["issued_at"],
            created_by=_flow(envelope),
            salesforce_id=salesforce_id,
            channel=envelope["channel"],
            account=envelope["account"],
            address=envelope["address"],
            interaction_id=envelope["interaction_id"],
        )


def _told(name: str, category: str, span: Span, envelope: Mapping[str, Any]) -> dict[str, str]:
    start, end = span.start, span.end
    return {
        "name": name,
        "category": category,
        "start_date": "" if start is None else start.text,
        "start_day": "" if start is None else start.day,
        "end_date": "" if end is None else end.text,
        "end_day": "" if end is None else end.day,
        "flow": _flow(envelope),
        **{part: envelope[part] for part in ("channel", "account", "address", "interaction_id")},
    }


def _flow(envelope: Mapping[str, Any]) -> str:
    return f"{envelope['flow']} {envelope['flow_version']}"
