"""An action type's example, applied: a customer writes for the first time, and the example is the flow's first action."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from processor.actions import action_types
from processor.engine.action import Action
from processor.engine.advance import advance
from processor.engine.definitions import DefinitionLog
from processor.engine.entities import Entity, EntryPoint
from processor.engine.events import MessageReceived
from processor.engine.flow import START, Flow
from processor.engine.interaction import Wait
from processor.engine.step import Step
from processor.flow.document import load
from processor.flow.entity_reader import read_entity
from processor.flow.example import example
from processor.flow.reader import read

AT: Final = 1_772_442_000_000
"""Monday 2 March 2026, 10:00 in Paris: the log time at which examples are applied, epoch ms."""

VARIABLES: Final = {
    "order": {"number": "number", "status": "text", "total": "number", "date": "date_and_time"},
    "contact": {"name": "text", "email": "email", "phone": "phone"},
}
"""What examples may name."""

GIVEN: Final = {
    ("order", "number"): "1042",
    ("order", "total"): "120.00",
    ("order", "date"): "2026-03-02T10:00:00+01:00",
    ("contact", "name"): "Ada",
    ("contact", "email"): "ada@example.org",
    ("contact", "phone"): "+33612345678",
}
"""The values that they have before the example is applied."""

_HEADER: Final = {"name": "Example", "timezone": "Europe/Paris", "locale": "fr", "country": "FR"}
_EXAMPLE: Final = "example"


@dataclass(frozen=True, slots=True)
class ExampleRun:
    """What an example did."""

    step: Step
    wait: Wait | None
    """What it waits for since, if it does."""


def named_in(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Return the documents that examples name, by their kind.

    Raises DocumentRefused where one cannot be read.
    """
    documents = [load(path.read_bytes()) for path in sorted(folder.glob("*.yaml"))]
    return {str(document["kind"]): document for document in documents}


def run_example(action_type: type[Action], named: Sequence[Mapping[str, Any]]) -> ExampleRun:
    """Return what the example in a type's docstring does when it is applied for the first time.

    Raises DocumentRefused where it cannot be read.
    """
    definitions: list[Flow | Entity] = [*map(read_entity, named), _other_flow(), _door(), _flow_around(action_type)]
    log = DefinitionLog()
    for offset, definition in enumerate(definitions, 1):
        if isinstance(definition, Flow):
            log.publish_flow(offset, definition)
        else:
            log.publish(offset, definition)
    message = MessageReceived(AT, "1", "web_chat", "site", "+33612345678", "Hello", name="Ada", locale="fr")
    advanced = advance("example", None, message, log.newest())
    place = START if action_type.type == START else _EXAMPLE
    step = next(step for step in advanced.steps if (step.flow, step.action) == ("main", place))
    interaction = advanced.conversation.interaction
    return ExampleRun(step, interaction.wait if interaction is not None and step.wait_id is not None else None)


def shown(body: Any) -> dict[str, Any]:
    """Return a command's body as data, without what holds nothing."""
    fields: dict[str, Any] = _filled(msgspec.json.decode(msgspec.json.encode(body)))
    return fields


def _filled(data: Any) -> Any:
    match data:
        case dict():
            return {name: _filled(value) for name, value in data.items() if value is not None and value not in ("", [], {})}
        case list():
            return [_filled(value) for value in data]
        case _:
            return data


def _flow_around(action_type: type[Action]) -> Flow:
    document = example(action_type)
    given = {
        "type": "assign_variables",
        "variables": [{"variable": variable, "field": field, "new_value": value} for (variable, field), value in GIVEN.items()],
        "links": {"ok": _EXAMPLE},
    }
    actions = (
        {START: document}
        if action_type.type == START
        else {START: {"type": "start", "links": {"ok": "given"}}, "given": given, _EXAMPLE: document}
    )
    return read({**_HEADER, "ref": "main", "variables": VARIABLES, "actions": actions}, action_types(), version=1)


def _other_flow() -> Flow:
    rest = {"type": "pause", "pause_time_sec": 60, "links": {"ok": "end"}}
    actions = {START: {"type": "start", "links": {"ok": "rest"}}, "rest": rest}
    return read({**_HEADER, "ref": "after_hours", "actions": actions}, action_types(), version=1)


def _door() -> Entity:
    return EntryPoint.model_validate({"id": "site", "reference": "site", "channel": "web_chat", "account": "site", "flow": "main"})
