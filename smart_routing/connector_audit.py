"""The audit of connectors: each command has its answer, and each back end's own record has it done once."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from redis.asyncio import Redis
from sqlalchemy import inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.framework.surroundings import Surroundings
from connectors.messaging.entry import Entry
from connectors.messaging.transcript import KEPT, Transcript
from connectors.messaging.web_chat import CHANNEL
from connectors.sql.database import Database
from connectors.sql.settings import SQLITE, SqlSettings
from connectors.sql.tables import executed
from processor.runtime.audit import Finding
from processor.runtime.topic_log import LogRecord
from schemas.codec import Codec, UndecodableRecord

NOTED: Final = frozenset(
    {
        ("campaigns", "InsertTarget"),
        ("cases", "AssociateCase"),
        ("cases", "CreateCase"),
        ("cases", "DissociateCase"),
        ("cases", "ModifyCase"),
        ("crm", "CreateCard"),
        ("crm", "CreateCardV2"),
        ("databases", "InsertRow"),
        ("databases", "ModifyRows"),
        ("tasks", "CreateTask"),
    }
)
"""Commands whose effect and whose row in the table `executed` are one transaction: where they are `ok`, the row is there."""

PROGRESS: Final[Mapping[tuple[str, str], frozenset[str]]] = MappingProxyType(
    {
        ("acd", "DistributeToQueue"): frozenset({"queued", "offered", "accepted"}),
        ("acd", "DistributeToUser"): frozenset({"queued", "offered", "accepted"}),
        ("billing", "RequestAmountPayment"): frozenset({"payment_started"}),
        ("billing", "RequestInvoicePayment"): frozenset({"payment_started"}),
    }
)
"""Commands that are answered as they go → the outcomes that are no end (`acd_command`, `billing_command`). All others have one answer."""

_SAID: Final = frozenset({"SendMessage", "SendChoices"})
_UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Command:
    """What the audit keeps of a command."""

    family: str
    name: str
    conversation_id: str
    channel: str | None


@dataclass(slots=True)
class Answers:
    """What was commanded and what was answered."""

    commands: dict[str, Command] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    """command id → outcome of its first response."""

    responses: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def unanswered(self) -> list[str]:
        """Ids of commands without a response."""
        return [command_id for command_id in self.commands if command_id not in self.outcomes]

    @property
    def unknown(self) -> int:
        """How many commands nobody can tell the outcome of."""
        return sum(outcome == _UNKNOWN for outcome in self.outcomes.values())


def read_answers(commands: Mapping[str, Iterable[LogRecord]], responses: Iterable[LogRecord], codec: Codec) -> Answers:
    """Hold responses against commands (records by family).

    A command has one answer, or one end where it is answered as it goes, however often that is told; a conversation's commands are
    answered in their order.
    """
    answers = Answers()
    order: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for family, records in commands.items():
        for record in records:
            try:
                _, datum = codec.decode(record.value)
            except UndecodableRecord:
                continue  # in the dead letters
            command = Command(family, datum["body"][0].rpartition(".")[2], datum["conversation_id"], datum.get("channel"))
            answers.commands[datum["command_id"]] = command
            order[command.conversation_id, family].append(datum["command_id"])
    first: set[str] = set()
    ends: dict[str, bytes] = {}
    answered: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for record in responses:
        try:
            name, datum = codec.decode(record.value)
        except UndecodableRecord:
            continue
        answered_command = answers.commands.get(datum["command_id"]) if name == "response" else None
        if answered_command is None:
            continue
        command_id, value = datum["command_id"], record.value or b""
        answers.responses += 1
        if command_id not in first:
            first.add(command_id)
            answers.outcomes[command_id] = datum["outcome"]
            answered[answered_command.conversation_id, answered_command.family].append(command_id)
        is_end = datum["outcome"] not in PROGRESS.get((answered_command.family, answered_command.name), ())
        if is_end and ends.setdefault(command_id, value) != value:
            answers.findings.append(Finding("mismatched", f"command {command_id} has two answers that differ"))
    for key, command_ids in order.items():
        expected = [command_id for command_id in dict.fromkeys(command_ids) if command_id in first]
        if answered[key] != expected:
            answers.findings.append(Finding("out_of_order", f"conversation {key[0]}: commands of {key[1]} are not answered in their order"))
    return answers


def check_back_ends(answers: Answers, surroundings: Surroundings) -> list[Finding]:
    """Hold commands and answers against what the back ends have: the SQL store's table `executed`, and the transcripts of web chats.

    Raises Retry where the SQL store does not answer, RedisError where Redis does not.
    """
    return asyncio.run(_check(answers, surroundings))


async def _check(answers: Answers, surroundings: Surroundings) -> list[Finding]:
    done = await _executed(surroundings)
    chats = sorted({command.conversation_id for command in answers.commands.values() if _is_said(command)})
    return [*_check_executed(answers, done), *_check_said(answers, await _said(surroundings, chats))]


def _check_executed(answers: Answers, done: Mapping[tuple[str, str], str]) -> Iterable[Finding]:
    families = {family for family, _ in NOTED}
    for (family, command_id), outcome in done.items():
        command, answered = answers.commands.get(command_id), answers.outcomes.get(command_id)
        if command is None or command.family != family:
            yield Finding("doubled", f"{family} executed {command_id}, which is not among its commands")
        elif answered is not None and answered != outcome and family in families:
            yield Finding("mismatched", f"command {command_id} was executed with outcome {outcome}, and answered with {answered}")
    for command_id, command in answers.commands.items():
        if (
            (command.family, command.name) in NOTED
            and answers.outcomes.get(command_id) == "ok"
            and (command.family, command_id) not in done
        ):
            yield Finding("lost", f"command {command_id} was answered ok, and {command.family} has not executed it")


def _check_said(answers: Answers, said: Mapping[str, int | None]) -> Iterable[Finding]:
    """Messages in a transcript are as many as commands were answered ok; one of a connector at work may be there before its answer."""
    ok: Counter[str] = Counter()
    open_or_unknown: Counter[str] = Counter()
    for command_id, command in answers.commands.items():
        if _is_said(command):
            outcome = answers.outcomes.get(command_id)
            ok[command.conversation_id] += outcome == "ok"
            open_or_unknown[command.conversation_id] += outcome in {None, _UNKNOWN}
    for conversation_id, found in said.items():
        least, most = ok[conversation_id], ok[conversation_id] + open_or_unknown[conversation_id]
        if found is not None and found < least:
            yield Finding("lost", f"conversation {conversation_id}: expected {least} messages in its transcript, found {found}")
        elif found is not None and found > most:
            yield Finding("doubled", f"conversation {conversation_id}: expected {most} messages in its transcript, found {found}")


def _is_said(command: Command) -> bool:
    return command.name in _SAID and command.channel == CHANNEL


async def _executed(surroundings: Surroundings) -> dict[tuple[str, str], str]:
    """Return the outcomes that the SQL store has noted, by family and command id."""
    url = make_url(surroundings.read(SqlSettings).url.get_secret_value())
    if not _is_there(url):
        return {}
    database = Database(surroundings, "audit")
    try:
        async with database.reading() as connection:
            if not await connection.run_sync(lambda bound: inspect(bound).has_table(executed.name)):
                return {}
            return await _rows(connection)
    finally:
        await database.close()


def _is_there(url: URL) -> bool:
    """Whether there may be a store; to look for SQLite's file must not make one."""
    return url.drivername != SQLITE or (url.database is not None and Path(url.database).exists())


async def _rows(connection: AsyncConnection) -> dict[tuple[str, str], str]:
    found = await connection.execute(select(executed.c.family, executed.c.command_id, executed.c.outcome))
    return {(family, command_id): outcome for family, command_id, outcome in found}


async def _said(surroundings: Surroundings, conversation_ids: Sequence[str]) -> dict[str, int | None]:
    """Return how many messages of flows each transcript has; None where its beginning is no longer kept."""
    deployment, said = surroundings.deployment, {}
    async with Redis.from_url(deployment.redis_url) as redis:
        transcript = Transcript(redis, deployment.topic_prefix, surroundings.settings.transcript_expiry_seconds)
        for conversation_id in conversation_ids:
            messages, _ = await transcript.read(conversation_id)
            senders = [Entry.from_json(message.json).sender for message in messages]
            said[conversation_id] = senders.count("flow") if not messages or (messages[0].index == 0 and len(messages) < KEPT) else None
    return said
