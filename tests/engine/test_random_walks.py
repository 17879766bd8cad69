"""Random flows of the thirteen types, random events: the engine never fails, its bounds hold, and the journal replays to the same bytes."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from processor.actions import action_types
from processor.engine import codec
from processor.engine.action import LINKS
from processor.engine.advance import Advance, advance, overdue, quarantine
from processor.engine.definitions import DefinitionLog
from processor.engine.entities import CheckpointDefinition, EntryPoint, Input, Output, WebService
from processor.engine.errors import EventRejected
from processor.engine.events import EndRequested, ExternalEvent, Media, MessageReceived, ResponseReceived, ResumeRequested, Ticked
from processor.engine.flow import Flow
from processor.engine.limits import CHAIN_ACTIONS, MESSAGE_IDS, RECORD_STOP_BYTES
from tests.flows import flow_of
from tests.talk import MONDAY

PLACES = [f"a{number}" for number in range(6)]
VARIABLES = {
    "main": {"v": {"text": "text", "number": "number", "date": "date", "mail": "email", "picture": "image", "flag": "boolean"}},
    "other": {"v": {"text": "number", "number": "number", "date": "text"}, "w": {"text": "long_text"}},
    "goodbye": {"v": {"text": "text", "number": "text", "flag": "number"}},
}
FIELDS = ["text", "number", "date", "mail", "picture", "flag"]

texts = st.sampled_from(
    [
        "hello", "", "  ", "5", "1 234,5", "{{ message.text }}", "{{ v.number }}", "{{ v.text }} {{ nothing.here }}",
        "{{ v.number | times: v.number }}", "{{ last.reason }}", "{% for i in (1..2000) %}x{% endfor %}", "{{ v.text | divided_by: 0 }}",
        "{{ now }}", "{{ 'now' | date: '%d/%m/%Y' }}", "{{ message.text | uniq: 1 }}",
        "2026-03-01", "true", "a@example.org", "{{ v.text }}{{ v.text }}x",
    ]
)  # fmt: skip
targets = st.builds(lambda field: {"variable": "v", "field": field}, st.sampled_from(FIELDS))
references = st.sampled_from(
    [{"id": "c1"}, {"reference": "qualified"}, {"reference": "{{ v.text }}"}, {"id": "s1"}, {"reference": "lookup"}, {"id": "s1"}]
)
flow_references = st.sampled_from(
    [{"id": "main"}, {"reference": "other"}, {"reference": "goodbye"}, {"reference": "{{ v.text }}"}, {"reference": "nowhere"}]
)
loads = st.integers(0, 100).map(lambda first: {"link_load_no_1": first, "link_load_no_10": 100 - first})
conditions = st.one_of(
    st.builds(
        lambda variable, operator, value: {"variable": variable, "operator": operator, "value": value},
        st.sampled_from(["{{ v.number }}", "{{ v.text }}", "{{ v.date }}", "{{ now }}", "{{ checkpoints }}"]),
        st.sampled_from(["=", "≠", "≥", "≤", "contains", "starts_with", "ends_with", "regular_expression"]),
        texts,
    ),
    st.builds(
        lambda variable, operator: {"variable": variable, "operator": operator},
        st.sampled_from(["{{ v.flag }}", "{{ v.date }}", "{{ v.text }}", "{{ now }}", "{{ checkpoints }}"]),
        st.sampled_from(
            [
                "exists",
                "does_not_exist",
                "is_empty",
                "is_true",
                "is_false",
                "is_date",
                "is_morning",
                "is_afternoon",
                "is_weekend",
                "is_odd_week",
                "is_even_week",
            ]
        ),
    ),
)
questions = st.builds(
    lambda content, kind, target: {"question_content": content, "variable_type": kind, **target},
    texts,
    st.sampled_from(["number", "long_text", "number", "long_text", "email", "date", "image", "phone"]),
    targets,
)
PARAMETERS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "load_sharing": loads,
    "add_checkpoint": references.map(lambda reference: {"checkpoint": reference}),
    "pause": st.integers(0, 100).map(lambda seconds: {"pause_time_sec": seconds}),
    "node": st.just({}),
    "simple_message": texts.map(lambda text: {"message": text}),
    "message_awaiting_response": st.builds(
        lambda message, error, attempts, asked: {
            "message": message, "default_error_message": error, "maximum_number_of_response_attempts": attempts,
            "maximum_response_wait_time_sec": 30, "questions": asked,
        },
        texts, texts, st.integers(1, 3), st.lists(questions, min_size=1, max_size=3),
    ),
    "message_with_choice": st.builds(
        lambda message, attempts: {
            "message": message, "maximum_response_wait_time_sec": 30, "maximum_attempts": attempts,
            "responses": [{"response_content": "Yes"}, {"response_content": "{{ v.text }}", "id": "no"}, {"response_content": "3"}],
        },
        texts, st.integers(1, 3),
    ),
    "distribution_to_smart_routing": flow_references.map(lambda reference: {"smart_routing": reference}),
    "assign_variables": st.lists(st.builds(lambda target, text: {**target, "new_value": text}, targets, texts), min_size=1, max_size=3).map(
        lambda written: {"variables": written}
    ),
    "test_values": st.lists(conditions, min_size=1, max_size=3).map(lambda tested: {"confirm_the_test_if": "any", "conditions": tested}),
    "check_passages": st.builds(
        lambda most, reset: {"maximum_number_of_passages": most, "reset_the_counter": reset}, st.integers(1, 3), st.booleans()
    ),
    "web_service": st.builds(
        lambda reference, text, target, synchronous: {
            "web_service": reference, "request_settings": {"number": text}, "synchronous": synchronous,
            **({"variables": [{"response_field": "status", **target}]} if synchronous else {}),
        },
        references, st.just("5") | texts, targets, st.booleans(),
    ),
}  # fmt: skip


WAITING = ["pause", "message_awaiting_response", "message_with_choice", "web_service"]


@st.composite
def flows(draw: Callable[..., Any], reference: str) -> Flow:
    actions = {}
    for number, place in enumerate(PLACES):
        name = draw(st.sampled_from([*PARAMETERS, *WAITING]))
        # Mostly onwards: what turns in circles without a wait is soon stopped.
        onwards = [*PLACES[number + 1 :], "end"]
        branches = [branch for branch in action_types()[name].branches if branch not in LINKS[3:-1]]
        linked = {branch: draw(st.sampled_from([*onwards * 3, *PLACES, None])) for branch in branches}
        links = {branch: target for branch, target in linked.items() if target is not None}
        actions[place] = {"type": name, "links": links, **draw(PARAMETERS[name])}
    return flow_of(
        actions,
        reference=reference,
        type="end_of_interaction" if reference == "goodbye" else "start",
        variables=VARIABLES[reference],
        locale=draw(st.sampled_from(["fr", "en", "de"])),
    )


written = st.sampled_from(
    [
        "hello", "5", "5", "", "12,5", "1", "yes", "Yes", "no", "a@example.org", "2026-03-01", "06 12 34 56 78", "https://example.org/a.png",
        "x" * 30_000, "{{ now }}", "(", None,
    ]
)  # fmt: skip
happenings = st.tuples(
    st.one_of(
        st.tuples(st.just("say"), written),
        st.tuples(st.just("say"), written),
        st.tuples(st.just("press"), st.sampled_from(["1", "no", "3", "9"])),
        st.tuples(st.just("choice"), st.sampled_from(["no", "talk-1:2#no", "#", "a#b#c"])),
        st.tuples(st.just("media"), st.sampled_from(["image/png", "video/mp4", ""])),
        st.tuples(st.just("again"), st.just(None)),
        st.tuples(st.just("respond"), st.sampled_from(["ok", "ok", "error", "not_ok", "not_an_image"])),
        st.tuples(st.just("respond late"), st.sampled_from(["ok", "error"])),
        st.tuples(st.just("respond to nothing"), st.just("ok")),
        st.tuples(st.just("tick"), st.just(None)),
        st.tuples(st.just("tick"), st.just(None)),
        st.tuples(st.just("end"), st.just(None)),
        st.tuples(st.just("resume"), st.just(None)),
        st.tuples(st.just("resume"), st.just(None)),
        st.tuples(st.just("fail"), st.just(None)),
        st.tuples(st.just("define"), st.sampled_from(["retire", "delete", "publish", "new version"])),
    ),
    st.sampled_from([0, 1, 1000, 1000, 10_000, 30_000, 30_001, 31_000, 101_000, 80 * 3_600_000, -5]),
)


class Walk:
    """One conversation under random events, and its journal."""

    def __init__(self, main: Flow, other: Flow, goodbye: Flow) -> None:
        self.log = DefinitionLog()
        for flow in (main, other, goodbye):
            self.log.publish_flow(self.log.offset + 1, flow)
        self.log.publish(
            self.log.offset + 1,
            EntryPoint(
                id="d",
                reference="d",
                channel="web_chat",
                account="site",
                flow="main",
                end_of_interaction="goodbye",
                maximum_distributions=3,
            ),
        )
        self.entities = [
            CheckpointDefinition(id="c1", reference="qualified"),
            WebService(
                id="s1",
                reference="lookup",
                url="https://example.org/",
                inputs={"number": Input(type="number")},
                outputs={"status": Output(path="$.s")},
            ),
        ]
        for entity in self.entities:
            self.log.publish(self.log.offset + 1, entity)
        self.main = main
        self.at = MONDAY
        self.payload: bytes | None = None
        self.commands: list[str] = []
        self.rejected: set[str] = set()
        self.journal: list[tuple[ExternalEvent, int, str | None, Advance]] = []

    def happen(self, what: str, detail: Any) -> None:
        if what == "define":
            self._define(detail)
            return
        event = self._event(what, detail)
        try:
            tick = overdue(self._state(), event)
            if tick is not None:
                self._advance(tick)
            self._advance(event, failure="a fault" if what == "fail" else None)
        except EventRejected as rejected:
            self.rejected.add(rejected.reason)

    def _define(self, detail: str) -> None:
        offset = self.log.offset + 1
        match detail:
            case "retire":
                self.log.retire_flow(offset, "other", 1)
            case "delete":
                self.log.delete(offset, "checkpoint", "c1")
            case "publish":
                self.log.publish(offset, self.entities[0])
            case _:
                production = self.log.newest().production("main")
                version = production.version + 1 if production is not None else 1
                self.log.publish_flow(offset, flow_of(self.main.actions, version=version, variables=self.main.variables))

    def _event(self, what: str, detail: Any) -> ExternalEvent:
        conversation = self._state()
        wait = conversation.interaction.wait if conversation is not None and conversation.interaction is not None else None
        message_id = "again" if what == "again" else f"m{len(self.journal)}"
        message = {
            "say": {"text": detail},
            "press": {"choice": f"{wait.id if wait is not None else 'talk-9:9'}#{detail}"},
            "choice": {"choice": detail},
            "media": {"media": (Media("https://example.org/a.png", detail),)},
            "again": {"text": "again"},
            "fail": {"text": "poison"},
        }.get(what)
        if message is not None:
            return MessageReceived(self.at, message_id, "web_chat", "site", "+33612345678", **message)
        match what:
            case "respond":
                answered = wait.commands[-1] if wait is not None and wait.commands else "talk-1:1:1"
                return ResponseReceived(
                    self.at, answered, detail, values={"status": "5"} if detail == "ok" else {}, connector="web_service"
                )
            case "respond late":
                return ResponseReceived(self.at, self.commands[0] if self.commands else "talk-1:1:1", detail, connector="messaging")
            case "respond to nothing":
                return ResponseReceived(self.at, "talk-9:9:9", detail)
            case "tick":
                return Ticked(self.at)
            case "end":
                return EndRequested(self.at, "operator")
            case _:
                return ResumeRequested(self.at, "operator")

    def _state(self) -> Any:
        return codec.decode(self.payload) if self.payload is not None else None

    def _advance(self, event: ExternalEvent, failure: str | None = None) -> None:
        definitions = self.log.newest()
        if failure is not None:
            advanced = quarantine("talk", self._state(), event, failure)
        else:
            advanced = advance("talk", self._state(), event, definitions)
        self.journal.append((event, definitions.offset, failure, advanced))
        if advanced.payload is not None:
            self.payload = advanced.payload
        self._check(advanced)

    def _check(self, advanced: Advance) -> None:
        conversation = advanced.conversation
        assert advanced.payload is None or len(advanced.payload) <= RECORD_STOP_BYTES
        assert len(conversation.seen) <= MESSAGE_IDS * 8
        assert len(advanced.steps) <= 2 * (CHAIN_ACTIONS + 2)
        interaction = conversation.interaction
        assert interaction is None or (interaction.wait is not None and interaction.hand_overs <= interaction.maximum_hand_overs)
        assert advanced.ended is None or interaction is None
        assert advanced.commands == tuple(command for step in advanced.steps for command in step.commands)
        issued = [command.command_id for command in advanced.commands]
        assert not set(issued) & set(self.commands)
        assert len(set(issued)) == len(issued)
        self.commands.extend(issued)


@settings(max_examples=150)
@given(flows("main"), flows("other"), flows("goodbye"), st.lists(happenings, min_size=5, max_size=25))
def test_random_flows_under_random_events_never_fail_and_replay_byte_for_byte(
    main: Flow, other: Flow, goodbye: Flow, events: list[tuple[tuple[str, Any], int]]
) -> None:
    walk = Walk(main, other, goodbye)
    for (what, detail), after_ms in [(("say", "hello"), 0), *events]:
        walk.at += after_ms
        walk.happen(what, detail)
    payload: bytes | None = None
    for event, offset, failure, expected in walk.journal:
        state = codec.decode(payload) if payload is not None else None
        again = quarantine("talk", state, event, failure) if failure is not None else advance("talk", state, event, walk.log.at(offset))
        assert again == expected
        assert (again.payload, again.steps, again.commands) == (expected.payload, expected.steps, expected.commands)
        payload = again.payload or payload
    assert payload == walk.payload
    assert walk.rejected <= {"no_production_version", "quarantined", "unknown_conversation"}
