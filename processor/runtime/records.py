"""Between the engine's values and the records on the topics (schemas/avro)."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from processor.engine.advance import Advance
from processor.engine.codec import FORMAT
from processor.engine.commands import Command
from processor.engine.events import (
    AgentWrote,
    EndRequested,
    ExternalEvent,
    Media,
    MessageReceived,
    MigrateRequested,
    ResponseReceived,
    ResultReported,
    ResumeRequested,
    Ticked,
)
from processor.engine.hashing import fingerprint
from processor.engine.step import Step
from processor.runtime.engine_version import ENGINE_VERSION
from schemas.codec import NAMESPACE, Codec, Datum, UndecodableRecord

_to_plain = msgspec.to_builtins


class Source(Struct, frozen=True):
    """Where an event came from: topic without prefix, partition, offset."""

    topic: str
    partition: int
    offset: int


class EncodedCommand(Struct, frozen=True):
    """A command as it is published."""

    family: str
    value: bytes


class EncodedAdvance(Struct, frozen=True):
    """What one applied event adds to the journal and to the command topics."""

    journal: bytes
    commands: tuple[EncodedCommand, ...]


def event_of(topic: str, value: bytes | None, at: int, codec: Codec) -> ExternalEvent:
    """Return the event that a record of `inbound` or `responses` holds, at its log time (epoch ms).

    Raises UndecodableRecord.
    """
    name, datum = codec.decode(value)
    match topic, name:
        case "inbound", "inbound_message":
            return _message(datum, at)
        case "inbound", "end_requested":
            return _end(datum, at)
        case "inbound", "resume_requested":
            return ResumeRequested(at, datum["operator"], datum["note"])
        case "inbound", "migrate_requested":
            return _migration(datum, at)
        case "responses", "response":
            return _response(datum, at)
        case "responses", "agent_wrote":
            return _agent(datum, at)
        case "responses", "result_reported":
            return _result(datum, at)
        case "ticks", "tick":
            return Ticked(at)
        case _:
            raise UndecodableRecord("wrong_record", f"expected a record of topic {topic}, found a {name}")


def encode_advance(
    advance: Advance, at: int, source: Source, definitions_offset: int, codec: Codec, *, engine: str = ENGINE_VERSION
) -> EncodedAdvance:
    """Return the records of an advance. The same advance gives the same bytes."""
    commands = tuple(encode_command(command, codec) for command in advance.commands)
    values = iter(commands)
    journal = codec.encode(
        "journal_record",
        {
            "conversation_id": advance.conversation.id,
            "interaction_id": advance.interaction_id,
            "sequence": advance.conversation.sequence,
            "at": at,
            "source": asdict(source),
            "disposition": advance.disposition,
            "event": _event(advance.event),
            "opened": advance.opened,
            "steps": [_step(step, values) for step in advance.steps],
            "ended": advance.ended,
            "note": advance.note,
            "definitions_offset": definitions_offset,
            "engine": engine,
            "state_digest": fingerprint(advance.payload) if advance.payload is not None else None,
        },
    )
    return EncodedAdvance(journal, commands)


def encode_state(payload: bytes, codec: Codec) -> bytes:
    """Return a conversation's record for the changelog."""
    return codec.encode("conversation_state", {"format": FORMAT, "payload": payload})


def encode_command(command: Command, codec: Codec) -> EncodedCommand:
    """Return a command's record."""
    body = command.body
    datum = asdict(command)
    datum["body"] = (f"{NAMESPACE}.{type(body).__name__}", _to_plain(body))
    return EncodedCommand(body.family, codec.encode(f"{body.family}_command", datum))


def journalled_event(datum: Datum) -> ExternalEvent:
    """Return the event that a decoded journal record carries."""
    name, fields = datum["event"]
    at: int = datum["at"]
    match name.removeprefix(f"{NAMESPACE}."):
        case "MessageReceived":
            return _message(fields, at)
        case "ResponseReceived":
            return _response(fields, at)
        case "AgentWrote":
            return _agent(fields, at)
        case "ResultReported":
            return _result(fields, at)
        case "EndRequested":
            return _end(fields, at)
        case "ResumeRequested":
            return ResumeRequested(at, fields["operator"], fields["note"])
        case "MigrateRequested":
            return _migration(fields, at)
        case "Ticked":
            return Ticked(at)
        case other:
            raise AssertionError(f"the journal's schema has no event {other}")


def _message(datum: Datum, at: int) -> MessageReceived:
    return MessageReceived(
        at,
        datum["message_id"],
        datum["channel"],
        datum["account"],
        datum["address"],
        datum["text"],
        tuple(Media(item["url"], item["mime_type"], item["name"]) for item in datum["media"]),
        datum["choice"],
        datum["name"],
        datum["locale"],
        datum["sent_at"],
    )


def _response(datum: Datum, at: int) -> ResponseReceived:
    return ResponseReceived(
        at,
        datum["command_id"],
        datum["outcome"],
        datum["reason"],
        datum["values"],
        datum["detail"],
        datum["connector"],
        datum["answered_at"],
    )


def _agent(datum: Datum, at: int) -> AgentWrote:
    return AgentWrote(at, datum["command_id"], datum["message_id"], datum["agent"], datum["text"], datum["sent_at"])


def _result(datum: Datum, at: int) -> ResultReported:
    return ResultReported(
        at, datum["command_id"], datum["outcome"], datum["reason"], datum["connector"], datum["reported_at"], datum["values"]
    )


def _end(datum: Datum, at: int) -> EndRequested:
    return EndRequested(at, datum["operator"], datum["note"], datum["flow"], datum["flow_version"])


def _migration(datum: Datum, at: int) -> MigrateRequested:
    return MigrateRequested(at, datum["operator"], datum["flow"], datum["from_version"], datum["to_version"], datum["actions"])


def _event(event: ExternalEvent) -> tuple[str, dict[str, Any]]:
    # Avro looks fields up by name: what the record does not have, such as `at`, is passed over.
    fields = asdict(event)
    if isinstance(event, MessageReceived):
        fields["media"] = [asdict(item) for item in event.media]
    return f"{NAMESPACE}.{type(event).__name__}", fields


def _step(step: Step, values: Iterable[EncodedCommand]) -> dict[str, Any]:
    fields = asdict(step)
    fields["commands"] = [
        {
            "command_id": command.command_id,
            "family": encoded.family,
            "name": type(command.body).__name__,
            "digest": fingerprint(encoded.value),
        }
        for command, encoded in zip(step.commands, values, strict=False)
    ]
    fields["writes"] = [asdict(write) for write in step.writes]
    return fields
