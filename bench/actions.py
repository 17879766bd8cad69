"""What one action of each type costs: the example of its documentation, with definitions and answers of the benchmark's own."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

from bench.rounds import Figure, compare
from bench.subject import AT, Subject, state
from processor.actions import action_types
from processor.engine import codec
from processor.engine.action import Action
from processor.engine.apply import apply
from processor.engine.definitions import DefinitionLog
from processor.engine.events import Continued, Event, MessageReceived, ResponseReceived, Ticked
from processor.engine.flow import Flow
from processor.engine.interaction import Wait
from processor.flow.document import load
from processor.flow.entity_reader import read_entity
from processor.flow.example import example
from processor.flow.reader import read

CALLING_NOBODY: Final = (
    "start", "load_sharing", "add_checkpoint", "node", "simple_message", "assign_variables", "test_values", "values_table",
    "date_and_time", "check_passages", "test_schedule", "test_week_parity",
)  # fmt: skip
"""The types that take a branch at once and ask no connector for anything but a message; the aim is about these."""

AIM_US: Final = 15.0
"""Microseconds of processor time that an action of those types may cost on average, its state's way through the codec included."""


def subjects(names: Sequence[str] = ()) -> dict[str, Subject]:
    """Return the subject of each action type by name, all of them where none is named."""
    setting: Mapping[str, Any] = load((files("bench") / "actions.yaml").read_bytes())
    log = DefinitionLog()
    for document in setting["definitions"]:
        log.publish(log.offset + 1, read_entity(document))
    log.publish_flow(log.offset + 1, _flow("after_hours", setting, {"start": {"type": "start", "links": {"ok": "end"}}}))
    answers: Mapping[str, Sequence[Mapping[str, Any]]] = setting["answers"]
    return {
        name: _subject(action_type, setting, log, answers.get(name, ()))
        for name, action_type in action_types().items()
        if not names or name in names
    }


def measure(rounds: int) -> dict[str, Figure]:
    """Return what an action of each type costs; the baseline is the state's way through its codec."""
    found = subjects()
    return compare({name: subject.work for name, subject in found.items()}, found["node"].baseline, rounds)


def average(figures: Mapping[str, Figure]) -> float:
    """Return what an action of those that call nobody costs on average, in microseconds."""
    return sum(figures[name].median_us for name in CALLING_NOBODY) / len(CALLING_NOBODY)


def _flow(reference: str, setting: Mapping[str, Any], actions: dict[str, Any]) -> Flow:
    header = {"ref": reference, "timezone": "Europe/Paris", "locale": "fr", "country": "FR", "variables": setting["variables"]}
    return read({**header, "actions": actions}, action_types(), version=1)


def _subject(action_type: type[Action], setting: Mapping[str, Any], log: DefinitionLog, answers: Sequence[Mapping[str, Any]]) -> Subject:
    document = example(action_type)
    begins = {"type": "start", "links": {"ok": "action"}}
    place = "start" if action_type.type == "start" else "action"
    flow = _flow("bench", setting, {"start": begins, place: document})
    conversation = state(flow, place, setting["values"])
    payload, definitions = codec.encode(conversation), log.newest()
    events: list[Event] = [Continued(AT)]
    interaction, waiting = conversation.interaction, iter(answers)
    assert interaction is not None, "an interaction is live"
    while True:
        applied = apply(flow, interaction, events[-1], definitions)
        interaction = applied.interaction
        if interaction.wait is None:
            return Subject(flow, definitions, payload, events, applied.step.branch)
        events.append(_next(interaction.wait, next(waiting, {}), events[-1].at))


def _next(wait: Wait, answer: Mapping[str, Any], at: int) -> Event:
    """Return what happens to a waiting action: an answer, a message, or that time passes."""
    match wait.awaits:
        case "time":
            assert wait.deadline is not None, "time that is waited for ends"
            return Ticked(wait.deadline + 1)
        case "message":
            return MessageReceived(at + 1000, "next", "web_chat", "order-desk", "+33612345678", answer["message"])
        case _:
            outcome, values = answer.get("outcome", "ok"), answer.get("values", {})
            return ResponseReceived(at + 1000, wait.commands[0], outcome, None, values, connector="bench")
