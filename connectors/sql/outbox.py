"""Tells the processor what happened in the SQL store after a command was answered: written with the fact, sent until Kafka has it."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from connectors.framework.relay import Relay
from connectors.framework.surroundings import Surroundings
from connectors.sql.database import Database
from connectors.sql.tables import outbox

_LOOK_SECONDS: Final = 0.25
_BATCH: Final = 100


async def add(connection: AsyncConnection, family: str, conversation_id: str, schema: str, datum: Mapping[str, Any]) -> None:
    """Have a record sent to the topic `responses` once the connection's transaction is committed, at least once.

    Args:
        connection: one of `Database.writing` or `Database.once`.
        family: whose relay sends it.
        conversation_id: the record's key.
        schema: name of the record's schema, such as `result_reported` or `response`.
        datum: its fields, in JSON's types.
    """
    await connection.execute(
        insert(outbox).values(family=family, conversation_id=conversation_id, schema=schema, datum=dict(datum)),
    )


class OutboxRelay(Relay):
    """Sends a family's outbox, in its order."""

    def __init__(self, surroundings: Surroundings, database: Database) -> None:
        """Prepare; `database` is the family's, and stays open for longer than the relay."""
        super().__init__(surroundings, database.family)
        self._database = database

    @override
    async def send_some(self) -> None:
        wanted = select(outbox).where(outbox.c.family == self._database.family).order_by(outbox.c.id).limit(_BATCH)
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted)).all()
        if not rows:
            await asyncio.sleep(_LOOK_SECONDS)
            return
        for row in rows:
            await self.publisher.tell(row.conversation_id, await self.wire.encode(row.schema, row.datum))
        async with self._database.writing() as connection:
            await connection.execute(delete(outbox).where(outbox.c.id.in_([row.id for row in rows])))
