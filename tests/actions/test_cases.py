"""Every action type against its data file `<type>.yaml`: a sentence, the action, what happens, and what is expected to follow.

A case has

- `action`: the action's document without its type; where it has no `links`, every branch leads to a place where the interaction rests, so
  that its state can be seen;
- `beside`: more actions of the flow; `flow`: its locale, timezone, country and variables; `given`: values that variables have;
  `definitions` and `flows`: what the action may name; `distributions`: hand-overs that the entry point allows;
- `at`: log time of the opening message; `opening`: its text; `channel`;
- `events`, each `after_sec` (1 where it does not say) the one before: `message`, `pressed` (a button of the prompt that waits), `choice`
  (as the channel sends it), `media`, `response` (to the last command, or the one that `to` counts from 1), `tick`, `silence` (just past
  the deadline), `agent` (writes on the distribution commanded last, or first where `to` counts from 1), `report` (of what became of a
  command), `end` (by an operator), `delete`;
- `expected`: `branch`, `reason` and `warnings`, none where it does not say; `branches`, where the action is passed again and again;
  `commands`, by name with the fields that matter; `dispositions` of the events; and of the state that remains `variables`, `awaits`,
  `deadline_after_sec`, `checkpoints`, `survey`, `flow`, `ended`. Or `refused`: words of the fault with which the document is refused.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from pydantic import ValidationError

from processor.actions import action_types
from processor.engine.advance import Advance
from processor.engine.entities import KINDS, Entity
from processor.engine.events import AgentWrote, Media, ResultReported
from tests.flows import action_of, flow_of
from tests.talk import MONDAY, SEC, Talk

FOLDER = Path(__file__).parent
RESTING = {"type": "pause", "pause_time_sec": 24 * 3600}
KEYS = frozenset(
    ["case", "action", "beside", "flow", "given", "definitions", "flows", "distributions", "at", "opening", "channel", "events", "expected"]
)
NOTHING: dict[str, Any] = {"branch": None, "reason": None, "warnings": []}


def cases_of(action_type: str) -> list[dict[str, Any]]:
    """Return the cases of an action type."""
    cases: list[dict[str, Any]] = yaml.safe_load((FOLDER / f"{action_type}.yaml").read_text(encoding="utf-8"))
    assert all(case.keys() <= KEYS for case in cases), f"keys that mean nothing in {action_type}.yaml"
    return cases


def _cases() -> Iterator[Any]:
    for action_type in action_types():
        for case in cases_of(action_type):
            yield pytest.param(action_type, case, id=f"{action_type}: {case['case']}")


@pytest.mark.parametrize(("action_type", "case"), list(_cases()))
def test_case(action_type: str, case: dict[str, Any]) -> None:
    document, expected = {"type": action_type, **case["action"]}, case["expected"]
    if "refused" in expected:
        with pytest.raises(ValidationError) as refused:
            action_of(document)
        assert expected["refused"] in str(refused.value)
        return
    talk = _begun(document, case)
    dispositions = [advance.disposition for event in case.get("events", ()) if (advance := _happen(talk, event)) is not None]
    steps = [step for step in talk.steps if (step.flow, step.action) == ("main", "here")]
    taken = [step for step in steps if step.branch is not None]
    found = {
        "branch": taken[-1].branch if taken else None,
        "reason": taken[-1].reason if taken else None,
        "branches": [step.branch for step in taken],
        "warnings": [warning for step in steps for warning in step.warnings],
        "commands": _told([command.body for step in steps for command in step.commands], expected.get("commands", [])),
        "dispositions": dispositions,
    }
    wanted = NOTHING | expected
    assert {name: found[name] if name in found else _state(talk, name) for name in wanted} == wanted


def _begun(document: dict[str, Any], case: dict[str, Any]) -> Talk:
    """Return a conversation in which the action has just been applied."""
    links = dict.fromkeys(action_types()[document["type"]].branches, "resting")
    given = [
        {"variable": variable, "field": field, "new_value": f"{{% raw %}}{value}{{% endraw %}}"}
        for variable, fields in case.get("given", {}).items()
        for field, value in fields.items()
    ]
    actions = {"here": {"links": links, **document}, "resting": RESTING, **case.get("beside", {})}
    if given:
        actions = {"given": {"type": "assign_variables", "variables": given, "links": {"ok": "here"}}, **actions}
    definitions = [entity_of(definition) for definition in case.get("definitions", ())]
    others = [flow_of(**flow) for flow in case.get("flows", ())]
    entry = {"maximum_distributions": case["distributions"]} if "distributions" in case else {}
    channel = case.get("channel", "web_chat")
    talk = Talk(flow_of(actions, **case.get("flow", {})), *others, *definitions, channel=channel, **entry)
    talk.at = round(case["at"].timestamp() * SEC) if "at" in case else MONDAY
    talk.say(case.get("opening", "hello"), after_ms=0)
    return talk


def entity_of(definition: dict[str, Any]) -> Entity:
    """Return the entity of a document."""
    return KINDS[definition["kind"]].model_validate({name: value for name, value in definition.items() if name != "kind"})


def _happen(talk: Talk, event: dict[str, Any]) -> Advance | None:
    after_ms = round(event.get("after_sec", 1) * SEC)
    match event:
        case {"message": str(text)}:
            return talk.say(text, after_ms=after_ms)
        case {"pressed": str(choice), **others}:
            return talk.press(choice, text=others.get("text"), after_ms=after_ms)
        case {"choice": str(choice)}:
            return talk.say(choice=choice, after_ms=after_ms)
        case {"media": dict(media), **others}:
            return talk.say(others.get("text"), media=(Media(**media),), after_ms=after_ms)
        case {"response": dict() as response}:
            to = {"command_id": talk.commands[response["to"] - 1].command_id} if "to" in response else {}
            return talk.respond(after_ms=after_ms, **to, **{name: value for name, value in response.items() if name != "to"})
        case {"agent": str(text)}:
            command_id = talk.commands[event.get("to", 1) - 1].command_id
            return talk.apply(AgentWrote(talk.at + after_ms, command_id, event.get("message_id", text), "anna", text))
        case {"report": dict() as report}:
            command_id = talk.commands[report.get("to", 1) - 1].command_id
            return talk.apply(ResultReported(talk.at + after_ms, command_id, report["outcome"], report.get("reason"), "billing"))
        case {"end": _}:
            return talk.end(after_ms=after_ms)
        case {"tick": _}:
            return talk.tick(after_ms=after_ms)
        case {"silence": _}:
            return talk.fall_silent()
        case {"delete": {"kind": str(kind), "id": str(identity)}}:
            talk.log.delete(talk.log.offset + 1, kind, identity)
        case _:
            raise AssertionError(f"an event that means nothing: {event}")
    return None


def _told(bodies: list[Any], wanted: list[dict[str, dict[str, Any]]]) -> list[dict[str, dict[str, Any]]]:
    """Return the commands by name, each with the fields that the expected one in its place names."""
    told = []
    for number, body in enumerate(bodies):
        name = type(body).__name__
        fields = msgspec.json.decode(msgspec.json.encode(body))
        named = wanted[number].get(name, fields) if number < len(wanted) else fields
        told.append({name: {field: fields[field] for field in named}})
    return told


def _state(talk: Talk, name: str) -> Any:
    match name:
        case "variables":
            return talk.interaction.variables
        case "awaits":
            return talk.wait.awaits
        case "deadline_after_sec":
            deadline = talk.wait.deadline
            return None if deadline is None else (deadline - talk.at) / SEC
        case "checkpoints":
            return [checkpoint.reference for checkpoint in talk.interaction.checkpoints]
        case "survey":
            return talk.interaction.survey
        case "flow":
            return f"{talk.interaction.flow} {talk.interaction.flow_version}"
        case "ended":
            return talk.advances[-1].ended
        case _:
            raise AssertionError(f"nothing that can be expected: {name}")
