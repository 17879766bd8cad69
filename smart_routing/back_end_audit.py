"""The audit of back ends: what each of them has noted is what was commanded and answered, once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from redis.asyncio import Redis
from sqlalchemy import ColumnElement, inspect, null, select, true
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.acd.floor.floor import Floor
from connectors.acd.settings import AcdSettings
from connectors.billing.tables import payment
from connectors.email.tables import sending
from connectors.framework.surroundings import Surroundings
from connectors.messaging.entry import Entry
from connectors.messaging.transcript import KEPT, Transcript
from connectors.messaging.web_chat import CHANNEL
from connectors.sms.tables import outgoing
from connectors.sql.database import Database
from connectors.sql.settings import SQLITE, SqlSettings
from connectors.sql.tables import executed
from connectors.surveys.tables import attachment
from processor.runtime.audit import Finding
from smart_routing.connector_audit import UNKNOWN, Answers, Command

_OK: Final = frozenset({"ok"})
_SENT: Final = frozenset({"ok", "partially_sent"})
_ASKED_TO_PAY: Final = frozenset({"payment_started", "notification_sent"})
_SAID: Final = frozenset({"SendMessage", "SendChoices"})
_DISTRIBUTIONS: Final = frozenset({"DistributeToQueue", "DistributeToUser"})
_NOT_SAID: Final[ColumnElement[Any]] = null()
_ALL: Final = true()
_LATE_MS: Final = 60 * 60 * 1_000
"""So long before a topic's oldest command, and after it, what has been noted may be of commands that are no longer there."""


def _by_command(command_id: str, _command: Command) -> str | None:
    return command_id


def _by_interaction(_command_id: str, command: Command) -> str | None:
    return command.interaction_id


def _by_outgoing_interaction(command_id: str, command: Command) -> str | None:
    return command_id if command.is_outgoing_interaction else None


@dataclass(frozen=True, slots=True)
class Ledger:
    """A table in which a command leaves one row, kept by its primary key or a unique one."""

    family: str
    answers: Mapping[str, frozenset[str]]
    """Name of a command → answers after which its row is there. Others of the family may leave one, too."""

    key: ColumnElement[str]
    noted_at: ColumnElement[int]
    outcome: ColumnElement[Any] = _NOT_SAID
    """What the row says was answered; null: nothing yet."""

    rows: ColumnElement[bool] = _ALL
    """Which of the table's rows are the family's."""

    key_of: Callable[[str, Command], str | None] = _by_command
    """What a command's row is found by; None for one that leaves none."""


def _executed(family: str, *names: str) -> Ledger:
    """Rows of `executed`, each written in one transaction with the command's effect."""
    of_names = MappingProxyType(dict.fromkeys(names, _OK))
    return Ledger(family, of_names, executed.c.command_id, executed.c.executed_at, executed.c.outcome, executed.c.family == family)


LEDGERS: Final = (
    _executed("campaigns", "InsertTarget"),
    _executed("cases", "AssociateCase", "CreateCase", "DissociateCase", "ModifyCase"),
    _executed("crm", "CreateCard", "CreateCardV2"),
    _executed("databases", "InsertRow", "ModifyRows"),
    _executed("tasks", "CreateTask"),
    Ledger("email", MappingProxyType({"SendEmail": _SENT}), sending.c.command_id, sending.c.began_at, sending.c.outcome),
    Ledger(
        "billing",
        MappingProxyType(dict.fromkeys(("RequestAmountPayment", "RequestInvoicePayment"), _ASKED_TO_PAY)),
        payment.c.id,
        payment.c.begun_at,
    ),
    Ledger(
        "surveys",
        MappingProxyType({"AttachSurvey": _OK}),
        attachment.c.interaction_id,  # which has one survey, whichever of its commands attached it
        attachment.c.attached_at,
        key_of=_by_interaction,
    ),
    Ledger("sms", MappingProxyType({"SendSms": _OK}), outgoing.c.command_id, outgoing.c.asked_at, key_of=_by_outgoing_interaction),
)


@dataclass(frozen=True, slots=True)
class Noted:
    """What a back end has of a command: what it says was answered, None where it does not say, and when it came, epoch ms."""

    outcome: str | None
    at: int


def check_back_ends(answers: Answers, surroundings: Surroundings) -> list[Finding]:
    """Hold commands and answers against what the back ends have: the ledgers in SQL, web chats' transcripts, and the ACD's floor.

    What is carried out elsewhere, such as by a web service or WhatsApp, has no record that could be read.

    Raises StoreAway where the SQL store does not answer, SettingsError where it cannot be reached as it is set, and RedisError where
    Redis does not answer.
    """
    return asyncio.run(_check(answers, surroundings))


async def _check(answers: Answers, surroundings: Surroundings) -> list[Finding]:
    ledgers = await _read_ledgers(surroundings, answers)
    chats = sorted({command.conversation_id for command in answers.commands.values() if _is_said(command)})
    async with Redis.from_url(surroundings.deployment.redis_url) as redis:
        said = await _read_transcripts(redis, surroundings, chats)
        floor = await _read_floor(redis, surroundings)
    findings = [finding for ledger, noted in ledgers for finding in _check_ledger(answers, ledger, noted)]
    return [*findings, *_check_said(answers, said), *(() if floor is None else _check_floor(answers, floor))]


def _check_ledger(answers: Answers, ledger: Ledger, rows: Mapping[str, Noted]) -> Iterable[Finding]:
    commanded: dict[str, str] = {}
    for command_id, command in answers.commands.items():
        if command.family != ledger.family or (key := ledger.key_of(command_id, command)) is None:
            continue
        commanded[key] = command_id
        answered = answers.outcomes.get(command_id)
        if (row := rows.get(key)) is None:
            if answered in ledger.answers.get(command.name, ()):
                yield Finding("lost", f"command {command_id} was answered {answered}, and {command.family} has no record of it")
        elif answered is not None and row.outcome is not None and row.outcome != answered:
            yield Finding("mismatched", f"command {command_id} was executed with outcome {row.outcome}, and answered with {answered}")
    for key, row in rows.items():
        if key not in commanded and row.at >= _complete_since(answers, ledger.family):
            yield Finding("doubled", f"{ledger.family} executed {key}, which is not among its commands")


def _complete_since(answers: Answers, family: str) -> int:
    """From when on everything that a back end has noted must be among the commands: their topic keeps them for a week."""
    if family not in answers.known_since and answers.known_since:  # none is left of it, or there never was one
        since = max(answers.known_since.values())
    else:
        since = answers.known_since.get(family, 0)
    return since + _LATE_MS if since else 0


def _check_said(answers: Answers, said: Mapping[str, int | None]) -> Iterable[Finding]:
    """Messages in a transcript are as many as commands were answered ok; one of a connector at work may be there before its answer."""
    ok: Counter[str] = Counter()
    open_or_unknown: Counter[str] = Counter()
    for command_id, command in answers.commands.items():
        if _is_said(command):
            outcome = answers.outcomes.get(command_id)
            ok[command.conversation_id] += outcome == "ok"
            open_or_unknown[command.conversation_id] += outcome in {None, UNKNOWN}
    trimmed = bool(answers.known_since.get("messaging"))
    for conversation_id, found in said.items():
        least, most = ok[conversation_id], ok[conversation_id] + open_or_unknown[conversation_id]
        if found is not None and found < least:
            yield Finding("lost", f"conversation {conversation_id}: expected {least} messages in its transcript, found {found}")
        elif found is not None and found > most and not trimmed:
            yield Finding("doubled", f"conversation {conversation_id}: expected {most} messages in its transcript, found {found}")


def _is_said(command: Command) -> bool:
    return command.name in _SAID and command.channel == CHANNEL


def _check_floor(answers: Answers, floor: Mapping[str, Noted]) -> Iterable[Finding]:
    """Distributions end as the floor says; those that have not ended are on it, and it has no others."""
    distributions = {command_id for command_id, command in answers.commands.items() if command.name in _DISTRIBUTIONS}
    for command_id in distributions:
        contact, end = floor.get(command_id), answers.ends.get(command_id)
        if contact is None:
            if command_id in answers.outcomes and end is None:
                yield Finding(
                    "lost", f"command {command_id} was answered {answers.outcomes[command_id]}, and the floor has no such contact"
                )
        elif contact.outcome is not None and end is not None and contact.outcome != end:
            yield Finding("mismatched", f"command {command_id} ended with outcome {contact.outcome}, and was answered with {end}")
    for contact_id, contact in floor.items():
        if contact_id not in distributions and contact.at >= _complete_since(answers, "acd"):
            yield Finding("doubled", f"acd has the contact {contact_id}, which is not among its commands")


async def _read_ledgers(surroundings: Surroundings, answers: Answers) -> list[tuple[Ledger, dict[str, Noted]]]:
    """Return the rows of all ledgers by their keys, without those that are older than any command."""
    url = make_url(surroundings.read(SqlSettings).url.get_secret_value())
    if not _may_be_there(url):
        return [(ledger, {}) for ledger in LEDGERS]
    since = max(min(answers.known_since.values(), default=0) - _LATE_MS, 0)
    database = Database(surroundings, "audit")
    try:
        async with database.reading() as connection:
            tables = await connection.run_sync(lambda bound: set(inspect(bound).get_table_names()))
            return [(ledger, await _rows(connection, ledger, since) if _table(ledger) in tables else {}) for ledger in LEDGERS]
    finally:
        await database.close()


def _may_be_there(url: URL) -> bool:
    """Whether there may be a store; to look for SQLite's file must not make one."""
    return url.drivername != SQLITE or (url.database is not None and Path(url.database).exists())


def _table(ledger: Ledger) -> str:
    return str(ledger.key.table.name)


async def _rows(connection: AsyncConnection, ledger: Ledger, since: int) -> dict[str, Noted]:
    query = select(ledger.key, ledger.outcome, ledger.noted_at).where(ledger.rows, ledger.noted_at >= since)
    return {key: Noted(outcome, at) for key, outcome, at in await connection.execute(query)}


async def _read_transcripts(redis: Redis, surroundings: Surroundings, conversation_ids: Sequence[str]) -> dict[str, int | None]:
    """Return how many messages of flows each transcript has; None where its beginning is no longer kept."""
    transcript = Transcript(redis, surroundings.deployment.topic_prefix, surroundings.settings.transcript_expiry_seconds)
    said: dict[str, int | None] = {}
    for conversation_id in conversation_ids:
        messages, _ = await transcript.read(conversation_id)
        senders = [Entry.from_json(message.json).sender for message in messages]
        said[conversation_id] = senders.count("flow") if not messages or (messages[0].index == 0 and len(messages) < KEPT) else None
    return said


async def _read_floor(redis: Redis, surroundings: Surroundings) -> dict[str, Noted] | None:
    """Return the contacts of our own ACD by their ids; None where a company's own ACD is used, which has no record that could be read."""
    settings = surroundings.read(AcdSettings)
    if settings.backend != "own":
        return None
    return {contact: Noted(outcome, came) async for contact, outcome, came in Floor(redis, surroundings.deployment, settings).contacts()}
