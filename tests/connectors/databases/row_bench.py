"""A databases connector, and commands as flows send them."""

from contextlib import asynccontextmanager
from typing import Any

from connectors.databases.connector import DatabasesConnector
from tests.connectors.record_bench import Commands, opened

COLUMNS: dict[str, dict[str, Any]] = {
    "number": {"type": "number", "required": True},
    "email": {"type": "email"},
    "status": {"type": "list", "proposals": ["open", "shipped", "held"], "required": True},
    "note": {"type": "long_text"},
    "sent_at": {"type": "date_and_time"},
    "due": {"type": "date"},
    "phone": {"type": "phone"},
    "gift": {"type": "boolean"},
    "photo": {"type": "image"},
    "city": {},
}
ORDERS = {"kind": "database", "name": "Orders", "columns": COLUMNS}


def values(given, types=COLUMNS):
    """What a command carries."""
    return [{"column": column, "type": types.get(column, {}).get("type", "text"), "value": value} for column, value in given]


class Rows:
    """The three commands."""

    def __init__(self, commands: Commands, database: str = "orders") -> None:
        self.commands = commands
        self.database = database

    async def insert(self, command_id=None, /, **given):
        body = {"database": self.database, "values": values(given.items())}
        return await self.commands.call("InsertRow", body, command_id)

    async def read(self, *assertions, columns=("number",), confirm="all"):
        wanted = [{"name": column, "type": "text"} for column in columns]
        body = {"database": self.database, "confirm": confirm, "assertions": values(assertions), "columns": wanted}
        outcome, reason, found = await self.commands.call("ReadRow", body)
        return tuple(found[column] for column in columns) if (outcome, reason) == ("ok", None) else (outcome, reason)

    async def modify(self, *assertions, scope="first", command_id=None, **changes):
        body = {"database": self.database, "scope": scope, "assertions": values(assertions), "changes": values(changes.items())}
        outcome, reason, _ = await self.commands.call("ModifyRows", body, command_id)
        return outcome if reason is None else (outcome, reason)

    async def count(self) -> int:
        number: int
        [(number,)] = await self.commands.sql("SELECT count(*) FROM databases_records")
        return number


@asynccontextmanager
async def rows(deployment, sql_url, database="orders", **environment):
    async with opened(DatabasesConnector, deployment, sql_url, **environment) as commands:
        yield Rows(commands, database)
