"""Which survey an interaction has, and what was answered to it."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.sql import outbox
from connectors.sql.insertion import insert_into
from connectors.surveys import tables
from connectors.surveys.survey import Survey

FAMILY: Final = "surveys"
ANSWERED: Final = "answered"
_DAY_MS: Final = 24 * 60 * 60 * 1_000


@dataclass(frozen=True, slots=True)
class Attachment:
    """A survey attached to an interaction; times are epoch ms."""

    id: str
    conversation_id: str
    command_id: str
    survey: str
    edition: str | None
    """Which questions; None where an outside provider has them."""
    locale: str | None
    expires_at: int
    invites: bool
    invited_at: int | None
    answered_at: int | None

    @classmethod
    def of(cls, row: Row[Any]) -> "Attachment":
        """Read it from the table."""
        return cls(
            row.id,
            row.conversation_id,
            row.command_id,
            row.survey,
            row.edition,
            row.locale,
            row.expires_at,
            row.invites,
            row.invited_at,
            row.answered_at,
        )


def now_ms() -> int:
    """Return the clock, epoch ms."""
    return time.time_ns() // 1_000_000


async def of_interaction(connection: AsyncConnection, interaction_id: str) -> Attachment | None:
    """Return the survey that an interaction has."""
    return await _found(connection, tables.attachment.c.interaction_id == interaction_id)


async def by_id(connection: AsyncConnection, identity: str) -> Attachment | None:
    """Return a survey that is attached somewhere."""
    return await _found(connection, tables.attachment.c.id == identity)


async def attach(
    connection: AsyncConnection, command: Mapping[str, Any], survey: Survey, reference: str, *, expiry_days: int
) -> Attachment:
    """Attach a survey to the command's interaction, and return what it has: another one where that was faster (a unique key decides)."""
    now, digest = now_ms(), survey.digest(reference) if survey.questions else None
    if digest is not None:
        await _add(connection, tables.edition, {"digest": digest, "survey": reference, "document": survey.json, "first_at": now})
    values = {
        "id": uuid.uuid4().hex,
        "interaction_id": command["interaction_id"],
        "conversation_id": command["conversation_id"],
        "command_id": command["command_id"],
        "survey": reference,
        "edition": digest,
        "locale": (command["body"][1]["locale"] or "")[:64] or None,
        "channel": command["channel"],
        "flow": command["flow"],
        "attached_at": now,
        "expires_at": now + expiry_days * _DAY_MS,
        "invites": command["body"][1]["invites"],
    }
    await _add(connection, tables.attachment, values)
    attached = await of_interaction(connection, command["interaction_id"])
    if attached is None:
        raise AssertionError("the row was added, or was there")
    return attached


async def note_invited(connection: AsyncConnection, attachment: Attachment) -> None:
    """Note that the customer was invited."""
    await connection.execute(update(tables.attachment).where(tables.attachment.c.id == attachment.id).values(invited_at=now_ms()))


async def detach(connection: AsyncConnection, attachment: Attachment) -> None:
    """Take a survey back to which nobody could be invited."""
    row = tables.attachment.c
    await connection.execute(delete(tables.attachment).where(row.id == attachment.id, row.invited_at.is_(None), row.answered_at.is_(None)))


async def edition(connection: AsyncConnection, attachment: Attachment) -> Survey | None:
    """Return the questions that were attached; None where an outside provider has them."""
    wanted = select(tables.edition.c.document).where(tables.edition.c.digest == attachment.edition)
    found = (await connection.execute(wanted)).scalar_one_or_none()
    return None if found is None else Survey.from_json(found)


async def answer(connection: AsyncConnection, attachment: Attachment, values: Mapping[str, str]) -> bool:
    """Keep a customer's answers and have the processor told; returns whether they are the first, and therefore kept."""
    now, row = now_ms(), tables.attachment.c
    # Of two that come at the same time one changes the row; the other one waits and then finds it changed.
    first = update(tables.attachment).where(row.id == attachment.id, row.answered_at.is_(None)).values(answered_at=now).returning(row.id)
    if (await connection.execute(first)).one_or_none() is None:
        return False
    rows = [{"attachment_id": attachment.id, "question": question, "value": value} for question, value in values.items()]
    await connection.execute(insert(tables.answers), rows)
    datum = {
        "command_id": attachment.command_id,
        "connector": FAMILY,
        "outcome": ANSWERED,
        "reason": None,
        "reported_at": now,
        "values": {"survey": attachment.survey, **values},
    }
    await outbox.add(connection, FAMILY, attachment.conversation_id, "result_reported", datum)
    return True


async def _found(connection: AsyncConnection, condition: Any) -> Attachment | None:
    row = (await connection.execute(select(tables.attachment).where(condition))).one_or_none()
    return None if row is None else Attachment.of(row)


async def _add(connection: AsyncConnection, table: Any, values: Mapping[str, Any]) -> None:
    await connection.execute(insert_into(connection, table).values(values).on_conflict_do_nothing())
