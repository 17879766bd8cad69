"""One conversation's story, from the journal, for people."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from processor.engine.commands import Command
from processor.engine.definitions import DefinitionLog
from processor.runtime.replay import Replay, Replayed
from processor.runtime.topic_log import LogRecord
from schemas.codec import Codec, Datum


def tell(records: list[LogRecord], definitions: DefinitionLog, codec: Codec) -> Iterator[str]:
    """Yield the lines of a conversation's story; what was sent is worked out by replay."""
    for replayed in Replay(definitions, codec).run(records):
        yield from _told(replayed)


def _told(replayed: Replayed) -> Iterator[str]:
    datum = replayed.datum
    source = datum["source"]
    yield f"{_time(datum['at'])}  {_event(datum)}   [{source['topic']}/{source['partition']}/{source['offset']}, {datum['disposition']}]"
    if datum["note"]:
        yield f"    note: {datum['note']}"
    if datum["opened"]:
        yield f"    opens interaction {datum['interaction_id']}"
    sent = {command.command_id: command for command in replayed.advance.commands} if replayed.advance is not None else {}
    for step in datum["steps"]:
        yield f"  {step['step']:>3}  {step['flow']} v{step['flow_version']}  {step['action']} ({step['type']})  {_outcome(step)}"
        yield from (f"         {write['variable']}.{write['field']} = {write['value']!r}" for write in step["writes"])
        yield from (f"         → {_command(issued['name'], sent.get(issued['command_id']))}" for issued in step["commands"])
        yield from (f"         ! {warning}" for warning in step["warnings"])
    if datum["ended"]:
        yield f"    ends: {datum['ended']}"
    if replayed.difference is not None:
        yield f"    REPLAY DIFFERS: expected {replayed.difference.expected}; found {replayed.difference.found}"


def _outcome(step: Datum) -> str:
    if step["branch"] is not None:
        reason = f" ({step['reason']})" if step["reason"] else ""
        return f"{step['branch']}{reason} → {step['next'] or 'not linked'}"
    if step["handed_over_to"] is not None:
        return f"hands over to {step['handed_over_to']}"
    return f"waits until {_time(step['deadline'])}" if step["deadline"] is not None else "waits"


def _event(datum: Datum) -> str:
    name, fields = datum["event"]
    shown = {
        field: value
        for field, value in fields.items()
        if value not in (None, [], {}, "") and field not in ("channel", "account", "address", "sent_at", "answered_at")
    }
    return f"{name.rpartition('.')[2]} {json.dumps(shown, ensure_ascii=False)}" if shown else name.rpartition(".")[2]


def _command(name: str, command: Command | None) -> str:
    if command is None:
        return name
    return f"{name} {json.dumps(msgspec.to_builtins(command.body), ensure_ascii=False)}"


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
