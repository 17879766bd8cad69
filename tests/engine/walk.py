"""A conversation under random events, applied as a worker would, and its journal."""

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

import msgspec
from hypothesis import strategies as st
from typing_extensions import override

from processor.engine import codec
from processor.engine.action import Action
from processor.engine.advance import Advance, advance, overdue, quarantine
from processor.engine.definitions import DefinitionLog
from processor.engine.entities import Entity, EntryPoint
from processor.engine.errors import EventRejected
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
from processor.engine.flow import Flow
from processor.engine.interaction import Conversation, Wait
from processor.engine.limits import CHAIN_ACTIONS, FIELDS, MESSAGE_IDS, RECORD_STOP_BYTES
from processor.engine.outcome import Write
from processor.engine.variables import fields_of
from processor.runtime.records import Source, encode_advance, encode_command, journalled_event
from schemas.codec import NAMESPACE, Codec, current_schema
from schemas.registry import SchemaRegistry
from tests.engine.random_documents import answers_to, said_in
from tests.flows import flow_of
from tests.talk import MONDAY

ANSWERS = [
    *("hello", "5", "", "12,5", "1", "yes", "a@example.org", "2026-03-01", "06 12 34 56 78", "https://example.org/a.png", "true"),
    *("x" * 30_000, "{{ now }}", "(", "2026-02-29", "1e9", "NaN", "\x00", "12.50", "[]", "1042"),
]
"""What customers, agents and connectors say."""

HAPPENINGS = st.tuples(
    st.sampled_from(
        [
            *("say", "say", "press", "choose", "show", "repeat", *["respond"] * 6, "respond late"),
            *("respond to nothing", "agent", "agent", "report", "tick", "tick", "end", "resume", "resume", "fail", "migrate"),
            *("delete", "change", "change", "retire", "new version"),
        ]
    ),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0, 1, 1000, 1000, 10_000, 30_000, 30_001, 101_000, 80 * 3_600_000, -5]),
)
"""What happens, a seed that settles what is left open, and milliseconds since what happened before."""


class Files(SchemaRegistry):
    """The schemas as they stand in their files, released or not."""

    def __init__(self) -> None:
        self._names: list[str] = []

    @override
    def register(self, name: str, schema: Mapping[str, Any]) -> int:
        self._names.append(name)
        return len(self._names) - 1

    @override
    def fetch(self, number: int) -> tuple[str, Mapping[str, Any]]:
        return self._names[number], current_schema(self._names[number])


SCHEMAS = Codec(Files())


class Walk:
    """One conversation, and what came of it."""

    def __init__(self, flows: list[Flow], entities: list[Entity], changes: list[Entity]) -> None:
        """Publish the definitions; `changes` are what the entities become meanwhile."""
        self.log = DefinitionLog()
        self.flows = flows
        for flow in flows:
            self.log.publish_flow(self.log.offset + 1, flow)
        door = {"channel": "whatsapp", "account": "site", "flow": "main", "end_of_interaction": "goodbye", "maximum_distributions": 3}
        self.changes = [*entities, *changes]
        for entity in [EntryPoint.model_validate({"id": "d", "reference": "d", **door}), *entities]:
            self.log.publish(self.log.offset + 1, entity)
        self.at = MONDAY
        self.payload: bytes | None = None
        self.commands: list[str] = []
        self.rejected: set[str] = set()
        self.taken: Counter[tuple[str, str | None]] = Counter()
        self.journal: list[tuple[ExternalEvent, int, str | None, Advance]] = []

    def __repr__(self) -> str:
        flows = (f"{flow.reference}: { ({name: repr(action) for name, action in flow.actions.items()}) }" for flow in self.flows)
        return "\n".join(("Walk of", *flows, *map(repr, self.changes), *(repr(event) for event, *_ in self.journal)))

    @property
    def conversation(self) -> Conversation | None:
        """The state, as it comes out of its codec."""
        return codec.decode(self.payload) if self.payload is not None else None

    def happen(self, what: str, seed: int = 0, after_ms: int = 0) -> None:
        """Let something happen; nothing but a rejection may be raised."""
        self.at += after_ms
        chance = Random(seed)
        if what in ("delete", "change", "retire", "new version"):
            self._define(what, chance)
            return
        event = self._event(what, chance)
        try:
            tick = overdue(self.conversation, event)
            if tick is not None:
                self._advance(tick)
            self._advance(event, failure="a fault" if what == "fail" else None)
        except EventRejected as rejected:
            self.rejected.add(rejected.reason)

    def replay(self) -> None:
        """Apply the journal's events again, from the start, as its records have them: the same bytes must come of it."""
        payload: bytes | None = None
        for number, (event, offset, failure, expected) in enumerate(self.journal):
            state = codec.decode(payload) if payload is not None else None
            known = self.log.at(offset)
            again = quarantine("talk", state, event, failure) if failure is not None else advance("talk", state, event, known)
            assert again == expected
            source = Source("inbound", 0, number)
            once, twice = (encode_advance(one, event.at, source, offset, SCHEMAS, engine="1") for one in (expected, again))
            assert once == twice
            assert journalled_event(SCHEMAS.decode(once.journal)[1]) == event
            payload = again.payload or payload
        assert payload == self.payload

    def _define(self, what: str, chance: Random) -> None:
        offset = self.log.offset + 1
        entity = chance.choice(self.changes)
        match what:
            case "delete":
                self.log.delete(offset, entity.entity_kind, entity.id)
            case "change":
                self.log.publish(offset, entity)
            case "retire":
                self.log.retire_flow(offset, "other", 1)
            case _:
                flow = chance.choice(self.flows)
                version = self.log.newest().latest_version(flow.reference) + 1
                self.log.publish_flow(
                    offset, flow_of(flow.actions, reference=flow.reference, type=flow.type, version=version, variables=flow.variables)
                )

    def _event(self, what: str, chance: Random) -> ExternalEvent:
        conversation = self.conversation
        interaction = conversation.interaction if conversation is not None else None
        wait = interaction.wait if interaction is not None else None
        message_id = "again" if what == "repeat" else f"m{len(self.journal)}"
        message: dict[str, dict[str, Any]] = {
            "say": {"text": said(chance), "locale": "fr"},
            "press": {"choice": f"{wait.id if wait is not None else 'talk-9:9'}#{chance.randrange(5)}"},
            "choose": {"choice": chance.choice(["no", "talk-1:2#no", "#", "a#b#c", "1"])},
            "show": {"media": (Media("https://example.org/a.png", chance.choice(["image/png", "video/mp4", ""])),)},
            "repeat": {"text": "again"},
            "fail": {"text": "poison"},
        }
        if what in message:
            return MessageReceived(self.at, message_id, "whatsapp", "site", "+33612345678", **message[what])
        asked = chance.choice(wait.commands) if wait is not None and wait.commands else "talk-1:1:1"
        match what:
            case "respond":
                return self._response(asked, chance)
            case "respond late":
                return self._response(chance.choice(self.commands or [asked]), chance)
            case "respond to nothing":
                return self._response("talk-9:9:9", chance)
            case "agent":
                return AgentWrote(self.at, asked, chance.choice([message_id, "again"]), "anna", said(chance))
            case "report":
                bill = interaction.variables.get("bill", {}) if interaction is not None else {}
                outcome = chance.choice(["payment_successful", "failed_payment", "sold"])
                return ResultReported(self.at, bill.get("payment_id", asked), outcome, said(chance), "billing")
            case "tick":
                due_at = conversation.due_at if conversation is not None else None
                return Ticked(due_at + 1 if due_at is not None and chance.random() < 0.5 else self.at)
            case "end":
                return EndRequested(self.at, "operator", None, *chance.choice([(None, None), ("main", 1)]))
            case "migrate":
                flow, version = ("main", 1) if interaction is None else (interaction.flow, interaction.flow_version)
                mapped = {} if chance.random() < 0.5 or interaction is None else {interaction.action: f"a{chance.randrange(6)}"}
                latest = self.log.newest().latest_version(flow)
                return MigrateRequested(self.at, "operator", flow, version, latest + chance.choice([0, 0, 1]), mapped)
            case _:
                return ResumeRequested(self.at, "operator")

    def _response(self, command_id: str, chance: Random) -> ResponseReceived:
        """Return an answer in the words that the waiting action looks for, so that it is not only ever misunderstood."""
        waiting = self._waiting()
        words = said_in(waiting) if waiting is not None else ("ok", "error")
        answers = answers_to(waiting) if waiting is not None else ()
        if answers and chance.random() < 0.5:
            answer = chance.choice(answers)
            outcome, reason, values = answer.get("outcome", "ok"), answer.get("reason"), dict(answer.get("values", {}))
        else:
            outcome = "ok" if chance.random() < 0.4 else chance.choice(words)
            reason = chance.choice([None, "timeout", said(chance)])
            values = {word: said(chance) for word in words if chance.random() < 0.7}
        for name in sorted(values):
            if chance.random() < 0.1:
                values[name] = said(chance)
        return ResponseReceived(self.at, command_id, outcome, reason, values, connector="messaging")

    def _waiting(self) -> type[Action] | None:
        conversation = self.conversation
        interaction = conversation.interaction if conversation is not None else None
        if interaction is None:
            return None
        return type(self.log.newest().flow(interaction.flow, interaction.flow_version).actions[interaction.action])

    def _advance(self, event: ExternalEvent, failure: str | None = None) -> None:
        definitions = self.log.newest()
        before = self.conversation
        advanced = quarantine("talk", before, event, failure) if failure is not None else advance("talk", before, event, definitions)
        self.journal.append((event, definitions.offset, failure, advanced))
        if advanced.payload is not None:
            assert codec.decode(advanced.payload) == advanced.conversation
            self.payload = advanced.payload
        else:
            assert advanced.conversation == before
        self._check(advanced)

    def _check(self, advanced: Advance) -> None:
        conversation = advanced.conversation
        assert advanced.payload is None or len(advanced.payload) <= RECORD_STOP_BYTES
        assert len(conversation.seen) <= MESSAGE_IDS * 8
        assert len(advanced.steps) <= 2 * (CHAIN_ACTIONS + 2)
        interaction = conversation.interaction
        assert interaction is None or isinstance(interaction.wait, Wait)
        assert interaction is None or interaction.hand_overs <= interaction.maximum_hand_overs
        assert interaction is None or fields_of(interaction.variables) <= FIELDS
        assert interaction is None or all(value for fields in interaction.variables.values() for value in fields.values())
        assert advanced.ended is None or interaction is None
        assert advanced.commands == tuple(command for step in advanced.steps for command in step.commands)
        issued = [command.command_id for command in advanced.commands]
        assert not set(issued) & set(self.commands)
        assert len(set(issued)) == len(issued)
        self.commands.extend(issued)
        for command in advanced.commands:
            _, record = SCHEMAS.decode(encode_command(command, SCHEMAS).value)
            name, body = record["body"]
            assert (name, as_read(body)) == (f"{NAMESPACE}.{type(command.body).__name__}", as_read(msgspec.to_builtins(command.body)))
        for step in advanced.steps:
            if step.branch is not None or step.wait_id is not None:
                self.taken[step.type, step.branch] += 1
            assert all(isinstance(write, Write) for write in step.writes)


def said(chance: Random) -> str:
    """Return what somebody says: something that may be understood, or any characters."""
    if chance.random() < 0.9:
        return chance.choice(ANSWERS)
    return "".join(chr(chance.choice([chance.randrange(1, 0x250), chance.randrange(0xE000, 0x1FFFF)])) for _ in range(chance.randrange(40)))


def as_read(value: Any) -> Any:
    """Return a value with its tuples as lists."""
    return msgspec.json.decode(msgspec.json.encode(value))
