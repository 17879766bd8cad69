"""A sending, noted step by step in the SQL store: SMTP has no idempotency key, so the note is what tells a repetition."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import insert, select, update

from connectors.email.tables import outgoing_interaction, sending
from connectors.framework.connector import Body
from connectors.framework.context import Context
from connectors.framework.outcome import UNKNOWN, Outcome
from connectors.smtp.address import Address
from connectors.sql.database import Database


@dataclass(frozen=True, slots=True)
class Sending:
    """Who has got a message so far. Whoever is in no list has not."""

    giving: frozenset[str] = frozenset()
    """For whom it is under way; left behind by a connector that died meanwhile, and then nobody can tell."""
    accepted: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    outcome: Outcome | None = None


class Sendings:
    """The notes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, context: Context) -> Sending:
        """Return what is noted of a command's message, and note that it has begun where nothing is."""
        async with self._database.writing() as connection:
            row = (await connection.execute(select(sending).where(sending.c.command_id == context.command_id))).one_or_none()
            if row is None:
                first = {"giving": [], "accepted": [], "refused": [], "began_at": _now()}
                await connection.execute(insert(sending).values(command_id=context.command_id, **first))
                return Sending()
        outcome = None if row.outcome is None else Outcome(row.outcome, row.reason, row.detail)
        return Sending(frozenset(row.giving), frozenset(row.accepted), frozenset(row.refused), outcome)

    async def note(self, context: Context, noted: Sending) -> Sending:
        """Note how far it has come, and return it."""
        async with self._database.writing() as connection:
            await connection.execute(_change(context.command_id, noted))
        return noted

    async def sent(self, context: Context, body: Body, noted: Sending, message_id: str, mailbox: str | None) -> Sending:
        """Note that servers have taken it, or nobody knows whether they have, and keep the outgoing interaction where it is one."""
        async with self._database.writing() as connection:
            unknown = noted.giving if noted.outcome is not None and noted.outcome.outcome == UNKNOWN else frozenset()
            await connection.execute(_change(context.command_id, noted))
            if body["outgoing_interaction"]:
                lists = {"accepted": sorted(noted.accepted), "refused": sorted(noted.refused), "unknown": sorted(unknown)}
                known = outgoing_interaction.c.id == context.command_id
                if (await connection.execute(update(outgoing_interaction).where(known).values(**lists))).rowcount == 0:
                    values = {**_outgoing(context, body), **lists, "message_id": message_id, "mailbox": mailbox}
                    await connection.execute(insert(outgoing_interaction).values(**values))
        return noted

    async def end(self, context: Context, noted: Sending, outcome: Outcome) -> Outcome:
        """Note what is answered, and return it."""
        await self.note(context, replace(noted, outcome=outcome))
        return outcome


def _change(command_id: str, noted: Sending) -> Any:
    """What a sending's row becomes; once it has ended it has no addresses any more."""
    ended = noted.outcome is not None
    values: Mapping[str, Any] = {
        "giving": _listed(() if ended else noted.giving),
        "accepted": _listed(() if ended else noted.accepted),
        "refused": _listed(() if ended else noted.refused),
    }
    if noted.outcome is not None:
        values = {**values, "outcome": noted.outcome.outcome, "reason": noted.outcome.reason, "detail": noted.outcome.detail}
    return update(sending).where(sending.c.command_id == command_id).values(**values)


def _outgoing(context: Context, body: Body) -> Mapping[str, Any]:
    envelope = context.envelope
    return {
        "id": context.command_id,
        "conversation_id": context.conversation_id,
        "interaction_id": envelope["interaction_id"],
        "flow": envelope["flow"],
        "action": envelope["action"],
        "queue": body["queue"],
        "template": body["template"],
        "sent_at": _now(),
        "recipients": {name: list(body[name]) for name in ("to", "cc", "bcc")},
        "subject": body["subject"],
        "text": _storable(body["text"]),
        "html": None if body["html"] is None else _storable(body["html"]),
    }


def texts(addresses: Iterable[Address]) -> frozenset[str]:
    """Return addresses as they are noted."""
    return frozenset(address.text for address in addresses)


def _listed(addresses: Iterable[str]) -> list[str]:
    return sorted(addresses)


def _storable(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL's texts have no NUL


def _now() -> int:
    return time.time_ns() // 1_000_000
