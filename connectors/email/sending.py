"""A sending, noted step by step in the SQL store: SMTP has no idempotency key, so the note is what tells a repetition."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.email.tables import outgoing_interaction, sending
from connectors.framework.connector import Body
from connectors.framework.context import Context
from connectors.framework.errors import Retry
from connectors.framework.outcome import UNKNOWN, Outcome
from connectors.smtp.address import Address
from connectors.sql.database import Database, storable
from connectors.sql.insertion import insert_into


@dataclass(frozen=True, slots=True)
class Sending:
    """Who has got a message so far. Whoever is in no list has not."""

    giving: frozenset[str] = frozenset()
    """For whom it is under way; left behind by a connector that died meanwhile, and then nobody can tell."""
    accepted: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    outcome: Outcome | None = None


class Sendings:
    """The notes.

    Who notes says what he knows of the sending: where another connector, which took him for dead, has noted something since, he notes
    nothing and has to look again. So a connector that was only stopped for a while gives no message away a second time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, context: Context) -> Sending:
        """Return what is noted of a command's message, and note that it has begun where nothing is.

        What began long ago goes, and with it the addresses of what never ended.
        """
        await self._database.forget(sending.c.command_id, sending.c.began_at)
        async with self._database.writing() as connection:
            first = {"giving": [], "accepted": [], "refused": [], "began_at": _now()}
            new = insert_into(connection, sending).values(command_id=context.command_id, **first)
            await connection.execute(new.on_conflict_do_nothing())
            return await _noted(connection, context)

    async def note(self, context: Context, known: Sending, noted: Sending) -> Sending:
        """Note how far it has come, and return it.

        Raises Retry where more is noted than was known.
        """
        async with self._database.writing() as connection:
            await _change(connection, context, known, noted)
        return noted

    async def sent(self, context: Context, known: Sending, noted: Sending, *, body: Body, message_id: str) -> Sending:
        """Note that servers have taken it, or nobody knows whether they have, and keep the outgoing interaction where it is one.

        Raises Retry where more is noted than was known.
        """
        async with self._database.writing() as connection:
            unknown = noted.giving if noted.outcome is not None and noted.outcome.outcome == UNKNOWN else frozenset()
            await _change(connection, context, known, noted)
            if body["outgoing_interaction"]:
                lists = {"accepted": sorted(noted.accepted), "refused": sorted(noted.refused), "unknown": sorted(unknown)}
                of_it = outgoing_interaction.c.id == context.command_id
                if (await connection.execute(update(outgoing_interaction).where(of_it).values(**lists))).rowcount == 0:
                    values = {**_outgoing(context, body), **lists, "message_id": message_id}
                    await connection.execute(insert(outgoing_interaction).values(**values))
        return noted


async def _noted(connection: AsyncConnection, context: Context) -> Sending:
    """Return what is noted; until the transaction ends nobody else changes it."""
    row = (await connection.execute(select(sending).where(sending.c.command_id == context.command_id).with_for_update())).one()
    outcome = None if row.outcome is None else Outcome(row.outcome, row.reason, row.detail)
    return Sending(frozenset(row.giving), frozenset(row.accepted), frozenset(row.refused), outcome)


async def _change(connection: AsyncConnection, context: Context, known: Sending, noted: Sending) -> None:
    """Change a sending's row; once it has ended it has no addresses any more."""
    if await _noted(connection, context) != known:
        raise Retry("unreachable", detail="Another connector has gone on with the message.")
    kept = noted if noted.outcome is None else Sending(outcome=noted.outcome)
    values: Mapping[str, Any] = {"giving": sorted(kept.giving), "accepted": sorted(kept.accepted), "refused": sorted(kept.refused)}
    if noted.outcome is not None:
        values = {**values, "outcome": noted.outcome.outcome, "reason": noted.outcome.reason, "detail": noted.outcome.detail}
    await connection.execute(update(sending).where(sending.c.command_id == context.command_id).values(**values))


def _outgoing(context: Context, body: Body) -> Mapping[str, Any]:
    envelope = context.envelope
    return {
        "id": context.command_id,
        "conversation_id": context.conversation_id,
        "interaction_id": envelope["interaction_id"],
        "flow": envelope["flow"],
        "action": envelope["action"],
        "queue": body["queue"],
        "mailbox": body["mailbox"],
        "template": body["template"],
        "sent_at": _now(),
        "recipients": {name: list(body[name]) for name in ("to", "cc", "bcc")},
        "subject": body["subject"],
        "text": storable(body["text"]),
        "html": None if body["html"] is None else storable(body["html"]),
    }


def texts(addresses: Iterable[Address]) -> frozenset[str]:
    """Return addresses as they are noted."""
    return frozenset(address.text for address in addresses)


def _now() -> int:
    return time.time_ns() // 1_000_000
