"""One record of the journal, as the console shows it."""

import json
from typing import Any, Final

from msgspec import Struct

from schemas.codec import Datum

_SHOWN_CHARACTERS: Final = 2_000
"""Longer texts are cut: a customer may write a megabyte."""

_CONTACT: Final = ("channel", "account", "address")


class Line(Struct, frozen=True):
    """What one applied event led to."""

    conversation_id: str
    partition: int
    offset: int
    """Of the record in its partition of the journal; a conversation's records are all in one."""

    json: str


def line_of(partition: int, offset: int, datum: Datum) -> Line:
    """Return a decoded journal record as a line; the customer's address is left out."""
    name, fields = datum["event"]
    shown = {
        "offset": offset,
        "at": datum["at"],
        "interaction": datum["interaction_id"],
        "source": datum["source"],
        "disposition": datum["disposition"],
        "event": {"kind": name.rpartition(".")[2], **{field: value for field, value in fields.items() if field not in _CONTACT}},
        "opened": datum["opened"],
        "steps": [_step(step) for step in datum["steps"]],
        "ended": datum["ended"],
        "note": datum["note"],
    }
    return Line(datum["conversation_id"], partition, offset, json.dumps(_shortened(shown), ensure_ascii=False, separators=(",", ":")))


def _step(step: Datum) -> dict[str, Any]:
    successor, _, version = (step["handed_over_to"] or "").rpartition(" ")
    return {
        **step,
        "handed_over_to": {"flow": successor, "flow_version": int(version)} if successor else None,
        "commands": [{"id": command["command_id"], "family": command["family"], "name": command["name"]} for command in step["commands"]],
    }


def _shortened(value: Any) -> Any:
    match value:
        case str() if len(value) > _SHOWN_CHARACTERS:
            return f"{value[:_SHOWN_CHARACTERS]}…"
        case dict():
            return {key: _shortened(item) for key, item in value.items()}
        case list() | tuple():
            return [_shortened(item) for item in value]
        case _:
            return value
