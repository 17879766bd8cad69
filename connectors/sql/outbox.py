"""Tells the processor what happened in the SQL store after a command was answered: written with the fact, sent until Kafka has it."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

import stamina
from aiokafka.errors import KafkaError
from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.framework.ending import end
from connectors.framework.errors import Retry
from connectors.framework.publisher import Publisher
from connectors.framework.surroundings import Surroundings
from connectors.framework.wire import Wire
from connectors.sql.database import Database
from connectors.sql.tables import outbox

_LOOK_SECONDS: Final = 0.25
_BATCH: Final = 100
_LONGEST_PAUSE_SECONDS: Final = 5.0

logger = logging.getLogger(__name__)


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


class OutboxRelay:
    """Sends a family's outbox, in its order; what is sent again because we died in between has no further effect in the processor."""

    def __init__(self, surroundings: Surroundings, database: Database) -> None:
        """Prepare; `database` is the family's, and stays open for longer than the relay."""
        self._database = database
        self._wire = Wire.of(surroundings.deployment)
        self._publisher = Publisher(surroundings.deployment, self._wire, database.family, surroundings.settings.farewell_seconds)
        self._relaying: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect to Kafka and begin.

        Raises KafkaError where Kafka does not answer.
        """
        await self._publisher.__aenter__()
        self._relaying = asyncio.create_task(self._relay())

    async def close(self) -> None:
        """Stop; what is left is sent by the next one."""
        if self._relaying is not None:
            await end(self._relaying)
            await self._publisher.__aexit__(None, None, None)

    async def _relay(self) -> None:
        async for attempt in stamina.retry_context(on=(Retry, KafkaError), attempts=None, timeout=None, wait_max=_LONGEST_PAUSE_SECONDS):
            with attempt:
                while True:
                    if not await self._send_some():
                        await asyncio.sleep(_LOOK_SECONDS)

    async def _send_some(self) -> int:
        wanted = select(outbox).where(outbox.c.family == self._database.family).order_by(outbox.c.id).limit(_BATCH)
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted)).all()
        if rows:
            for row in rows:
                await self._send(row)
            async with self._database.writing() as connection:
                await connection.execute(delete(outbox).where(outbox.c.id.in_([row.id for row in rows])))
        return len(rows)

    async def _send(self, row: Row[Any]) -> None:
        value = await self._wire.encode(row.schema, row.datum)
        await self._publisher.tell(row.conversation_id, value)
