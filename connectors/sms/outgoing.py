"""The record of outgoing interactions: one row per SMS, as far as its status is known."""

import time
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.framework.connector import Body
from connectors.framework.context import Context
from connectors.office.paging import Place
from connectors.sms.tables import outgoing
from connectors.sms_gateway.receipts import RANKS
from connectors.sms_gateway.segments import segments_of
from connectors.sql.database import storable
from connectors.sql.insertion import insert_into

ASKED: Final = "asked"
REFUSED: Final = "refused"


async def ask(connection: AsyncConnection, body: Body, context: Context) -> None:
    """Note that a text is about to be sent; a row that is there stays as it is."""
    envelope, now = context.envelope, _now()
    await connection.execute(
        insert_into(connection, outgoing)
        .values(
            command_id=context.command_id,
            conversation_id=context.conversation_id,
            interaction_id=envelope["interaction_id"],
            flow=envelope["flow"],
            template=body["template"],
            sender=storable(body["sender"][:64]),
            recipient=storable(body["recipient"][:64]),
            text=storable(body["text"]),
            segments=segments_of(body["text"]),
            status=ASKED,
            asked_at=now,
            changed_at=now,
        )
        .on_conflict_do_nothing()
    )


async def tell(
    connection: AsyncConnection,
    command_id: str,
    status: str,
    *,
    message_id: str | None = None,
    segments: int | None = None,
    reason: str | None = None,
) -> bool:
    """Note a status where it is further than the one that is known; returns whether it was. A text without a row is not an interaction."""
    further = [known for known, rank in RANKS.items() if rank < RANKS.get(status, 1)]
    values = {"status": status, "message_id": message_id, "segments": segments, "reason": reason}
    given = {name: value for name, value in values.items() if value is not None}
    changed = await connection.execute(
        update(outgoing)
        .where(outgoing.c.command_id == command_id, outgoing.c.status.in_([ASKED, *further]))
        .values(**given, changed_at=_now())
    )
    return bool(changed.rowcount)


async def listed(connection: AsyncConnection, wanted: Mapping[str, str], *, after: Place | None, limit: int) -> list[Mapping[str, Any]]:
    """Return rows whose columns have the values wanted, newest first, after a place."""
    statement = select(outgoing).where(*(outgoing.c[column] == value for column, value in wanted.items()))
    if after is not None:
        statement = statement.where(tuple_(outgoing.c.asked_at, outgoing.c.command_id) < tuple_(*after))
    statement = statement.order_by(outgoing.c.asked_at.desc(), outgoing.c.command_id.desc()).limit(limit)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


def _now() -> int:
    return time.time_ns() // 1_000_000
