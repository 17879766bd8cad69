"""What an event costs as variables, flow and definitions grow: a customer's answer, and the four actions that it leads through."""

from dataclasses import replace as replaced
from functools import cache
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from bench.rounds import Figure, Work, compare
from bench.subject import AT, CONVERSATION
from processor.actions import action_types
from processor.engine import codec
from processor.engine.advance import advance
from processor.engine.definitions import DefinitionLog, Definitions
from processor.engine.entities import CheckpointDefinition, EntryPoint
from processor.engine.events import MessageReceived
from processor.engine.flow import Flow
from processor.engine.interaction import Variables
from processor.flow.reader import read

SIZES: Final = (10, 100, 1_000)

_ACTIONS: Final = {
    "start": {"type": "start", "links": {"ok": "ask"}},
    "ask": {
        "type": "message_awaiting_response",
        "message": "",
        "maximum_response_wait_time_sec": 600,
        "maximum_number_of_response_attempts": 3,
        "default_error_message": "Sorry?",
        "questions": [{"question_content": "What is it?", "variable_type": "long_text", "variable": "v0", "field": "f0"}],
        "links": {"ok": "note"},
    },
    "note": {
        "type": "assign_variables",
        "variables": [
            {"variable": "v0", "field": "f1", "new_value": "{{ v0.f0 }} at {{ now }}"},
            {"variable": "v0", "field": "f2", "new_value": "{{ v0.f0 | upcase }}"},
        ],
        "links": {"ok": "look"},
    },
    "look": {
        "type": "test_values",
        "confirm_the_test_if": "all",
        "conditions": [{"variable": "{{ v0.f0 }}", "operator": "contains", "value": "lamp"}],
        "links": {"yes": "mark", "no": "mark"},
    },
    "mark": {"type": "add_checkpoint", "checkpoint": {"reference": "noted"}, "links": {"ok": "ask"}},
}


class Grown(Struct, frozen=True):
    """A conversation in which a question waits, and the answer."""

    definitions: Definitions
    payload: bytes
    answer: MessageReceived

    def work(self) -> None:
        """Apply the answer; the state comes out of its codec and goes into it again."""
        advance(CONVERSATION, codec.decode(self.payload), self.answer, self.definitions)

    def baseline(self) -> None:
        """Take the state through its codec and do nothing else."""
        codec.encode(codec.decode(self.payload))


@cache
def subjects() -> dict[str, Grown]:
    """Return what is compared, by name."""
    grown = {f"{size:,} fields": _grown(fields=size) for size in SIZES}
    grown[f"{SIZES[-1]:,} fields in one variable"] = _grown(fields=SIZES[-1], in_one=True)
    grown.update({f"{size:,} actions": _grown(actions=size) for size in SIZES})
    grown.update({f"{size:,} definitions": _grown(definitions=size) for size in SIZES})
    return grown


def measure(rounds: int) -> dict[str, Figure]:
    """Return what an event costs; the baseline is the way of the smallest state through its codec."""
    found = subjects()
    works: dict[str, Work] = {}
    for name, grown in found.items():
        works[name] = grown.work
        if "field" in name:
            works[f"{name}, codec alone"] = grown.baseline
    return compare(works, baseline(), rounds)


def baseline() -> Work:
    """Return the way of the smallest state through its codec."""
    return subjects()[f"{SIZES[0]:,} fields"].baseline


def _grown(*, fields: int = 10, in_one: bool = False, actions: int = 10, definitions: int = 10) -> Grown:
    each = fields if in_one else 10
    values = {f"f{number}": f"something noted {number}" for number in range(each)}
    variables = {f"v{number}": values for number in range(fields // each)}
    flow = _flow({name: dict.fromkeys(values, "text") for name, values in variables.items()}, actions)
    log = DefinitionLog()
    for number in range(definitions):  # each as a flow and as a checkpoint, published twice
        for version in (1, 2):
            log.publish_flow(log.offset + 1, replaced(flow, reference=f"flow {number}", version=version))
            log.publish(log.offset + 1, CheckpointDefinition(id=f"c{number}", reference=f"reference {version} of {number}"))
    log.publish_flow(log.offset + 1, flow)
    log.publish(log.offset + 1, CheckpointDefinition(id="c", reference="noted"))
    log.publish(log.offset + 1, EntryPoint(id="door", reference="door", channel="web_chat", account="order-desk", flow="bench"))
    opened = advance(CONVERSATION, None, _message("hello", AT), log.newest()).conversation
    return Grown(log.newest(), _with(opened, variables), _message("It is the lamp, it is broken.", AT + 1_000))


def _flow(variables: dict[str, dict[str, str]], actions: int) -> Flow:
    others: dict[str, Any] = {f"a{number}": {"type": "node", "links": {"ok": "ask"}} for number in range(actions - len(_ACTIONS))}
    header = {"ref": "bench", "timezone": "Europe/Paris", "locale": "fr", "country": "FR", "variables": variables}
    return read({**header, "actions": {**_ACTIONS, **others}}, action_types(), version=1)


def _message(text: str, at: int) -> MessageReceived:
    return MessageReceived(at, text, "web_chat", "order-desk", "+33612345678", text, name="Claire Martin", locale="fr")


def _with(conversation: Any, variables: Variables) -> bytes:
    return codec.encode(replace(conversation, interaction=replace(conversation.interaction, variables=variables)))
