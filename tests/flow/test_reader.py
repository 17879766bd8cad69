from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from pydantic import Field

from processor.actions import action_types
from processor.engine import limits
from processor.engine.action import Action
from processor.engine.outcome import Outcome, Taken
from processor.engine.parameters import Parameter
from processor.engine.visit import Visit
from processor.flow.document import content_hash, load
from processor.flow.reader import read, read_text
from tests.flow.documents import END, QUESTION, document, faults_of, flow

TYPES = "`text`, `long_text`, `number`, `boolean`, `date`, `date_and_time`, `email`, `phone` or `image`"


def faults(actions=None, /, **more):
    return faults_of(lambda: flow(actions, **more))


def test_a_flow_is_read_from_text():
    text = """
    kind: flow
    ref: support
    type: end_of_interaction
    timezone: America/Sao_Paulo
    locale: pt-BR
    country: BR
    variables: {order: {number: number}}
    actions:
      start: {type: start, links: {ok: test}}
      test:
        type: test_values
        conditions: [{variable: "{{ order.number }}", operator: exists}]
        links: {yes: end, no: start, error: end}
    """
    read_flow = read_text(text, action_types(), version=3)
    assert (read_flow.reference, read_flow.name, read_flow.version, read_flow.type) == ("support", "support", 3, "end_of_interaction")
    assert (read_flow.timezone, read_flow.locale, read_flow.country) == (ZoneInfo("America/Sao_Paulo"), "pt-BR", "BR")
    assert read_flow.variables == {"order": {"number": "number"}}
    assert read_flow.actions["test"].links == {"yes": "end", "no": "start", "error": "end"}
    assert read_flow.content_hash == content_hash(load(text))


def test_a_document_need_not_be_a_dict():
    assert read(MappingProxyType(document()), action_types()).reference == "support"


def test_an_empty_document_lacks_everything():
    assert faults_of(lambda: read({}, action_types())) == [
        f"{key}: expected a value, which is required; found nothing" for key in ("ref", "timezone", "locale", "country", "actions")
    ]


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("nam", "x", 'nam: expected no such key (did you mean `name`?); found "x"'),
        ("", "x", '"": expected no such key; found "x"'),
        ("ref", " a", 'ref: expected a reference: 1 to 128 characters, no space around them, no control characters; found " a"'),
        ("ref", 12, "ref: expected text (between quotes, where it could be read as something else); found 12"),
        ("name", "x" * 201, f'name: expected text of at most 200 characters; found "{"x" * 60}…"'),
        ("type", "begin", 'type: expected `start` or `end_of_interaction`; found "begin"'),
        (
            "timezone",
            "Europe/Pari",
            'timezone: expected a time zone of the IANA database, such as Europe/Paris (did you mean `Europe/Paris`?); found "Europe/Pari"',
        ),
        ("timezone", "../etc/passwd", 'timezone: expected a time zone of the IANA database, such as Europe/Paris; found "../etc/passwd"'),
        ("locale", "fr-FRR", 'locale: expected a locale of the CLDR, such as fr or pt-BR (did you mean `fr-FR`?); found "fr-FRR"'),
        ("locale", "root", 'locale: expected a locale of the CLDR, such as fr or pt-BR (did you mean `ro`?); found "root"'),
        ("country", "fr", 'country: expected a country by ISO 3166-1 alpha-2, such as FR (did you mean `FR`?); found "fr"'),
        ("variables", None, "variables: expected a mapping; found nothing"),
        ("variables", {"order": None}, "variables.order: expected a mapping; found nothing"),
        (
            "variables",
            {"order": {"number": "nombre"}},
            f'variables.order.number: expected {TYPES}; found "nombre"',
        ),
        (
            "variables",
            {"1st": {}},
            'variables.1st: expected a name: a letter or `_`, then letters, digits, `_` or `-`, at most 64; found "1st"',
        ),
        (
            "variables",
            {"order": {"a b": "text"}},
            'variables.order.a b: expected a name: a letter or `_`, then letters, digits, `_` or `-`, at most 64; found "a b"',
        ),
        ("variables", {"customer": {}}, 'variables.customer: expected a name that no built-in variable has; found "customer"'),
        ("variables", {"empty": {}}, 'variables.empty: expected a name that is no word of the template language; found "empty"'),
        ("actions", [], "actions: expected a mapping; found an empty list"),
    ],
)
def test_a_fault_of_the_header_is_told(key, value, fault):
    assert faults(**{key: value}) == [fault]


def test_the_number_of_fields_is_limited():
    most = {"order": {f"f{n}": "text" for n in range(limits.FIELDS)}}
    assert len(flow(variables=most).variables["order"]) == limits.FIELDS
    assert faults(variables={**most, "one": {"more": "text"}}) == [f"variables: expected at most {limits.FIELDS} fields; found 2001"]


def test_there_is_exactly_one_start():
    assert faults_of(lambda: read({**document(), "actions": {"only": END}}, action_types())) == [
        "actions.start: expected the action that begins, of type start; found nothing"
    ]
    assert faults({"other": {"type": "start"}}) == [
        "actions.other.type: expected type start only for the action with the id start; found one more"
    ]
    assert faults({"start": END}) == ['actions.start.type: expected type start for the action with the id start; found "node"']


@pytest.mark.parametrize("identity", ["1st", "a b", "", "end", "é", "x" * 65, "a.b"])
def test_an_action_id_has_its_form(identity):
    (fault,) = faults({identity: END})
    assert "expected an action id: a letter, then letters, digits, `_` or `-`, at most 64, not `end`; found" in fault


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        (None, "actions.it: expected a mapping; found nothing"),
        ([1], "actions.it: expected a mapping; found a list of 1"),
        ({}, "actions.it.type: expected an action type; found nothing"),
        ({"type": "paus"}, 'actions.it.type: expected an action type (did you mean `pause`?); found "paus"'),
        ({"type": ["pause"]}, "actions.it.type: expected an action type; found a list of 1"),
        ({"type": "pause"}, "actions.it.pause_time_sec: expected a value, which is required; found nothing"),
        ({"type": "pause", "pause_time_sec": "5"}, 'actions.it.pause_time_sec: expected a whole number; found "5"'),
        ({"type": "pause", "pause_time_sec": True}, "actions.it.pause_time_sec: expected a whole number; found true"),
        ({"type": "pause", "pause_time_sec": -1}, "actions.it.pause_time_sec: expected 0 or more; found -1"),
        ({"type": "check_passages", "maximum_number_of_passages": 1, "reset_the_counter": "yes"}, 'expected true or false; found "yes"'),
        ({"type": "node", "links": None}, "actions.it.links: expected a mapping; found nothing"),
        ({"type": "node", "links": {"ok": 3}}, "actions.it.links.ok: expected text (between quotes"),
        (
            {"type": "node", "links": {"okay": "end"}},
            'actions.it.links.okay: expected a branch of node: ok (did you mean `ok`?); found "okay"',
        ),
        (
            {"type": "node", "links": {"ok": "itt"}},
            'actions.it.links.ok: expected the id of an action or end (did you mean `it`?); found "itt"',
        ),
        ({"type": "simple_message", "message": "{{ a"}, "actions.it.message: expected a Liquid template; found a fault in it: "),
        ({"type": "simple_message", "message": []}, "actions.it.message: expected text; found list"),
        ({"type": "load_sharing", "link_load_no_1": 5}, "actions.it: expected loads whose sum is 100; found 5"),
        (
            {"type": "add_checkpoint", "checkpoint": {"id": "a", "reference": "b"}},
            "actions.it.checkpoint: expected exactly one of `id` and `reference`; found a mapping with id, reference",
        ),
        ({"type": "test_values", "conditions": []}, "actions.it.conditions: expected at least 1 of them; found an empty list"),
        ({"type": "test_values", "conditions": {}}, "actions.it.conditions: expected a list; found an empty mapping"),
        ({**QUESTION, "questions": QUESTION["questions"] * 11}, "actions.it.questions: expected at most 10 of them; found a list of 11"),
        ({**QUESTION, "maximum_number_of_response_attempts": 11}, "expected 10 or less; found 11"),
        (
            {**QUESTION, "questions": [{**QUESTION["questions"][0], "varable": 1.5}]},
            "actions.it.questions[0].varable: expected no such key (did you mean `variable`?); found 1.5",
        ),
        ({"type": "node", "a\nb": 1}, 'actions.it."a\\nb": expected no such key; found 1'),
    ],
)
def test_a_fault_of_an_action_is_told(action, fault):
    (told,) = faults({"it": action})
    assert fault in told


def test_all_faults_are_told_at_once():
    broken = {
        "ask": {**QUESTION, "maximum_response_wait_time_sec": 5, "links": {"ok": "nowhere", "okay": "end"}},
        "wait": {"type": "paus"},
        "set": {"type": "assign_variables", "variables": [{"variable": "order", "field": "numbr", "new_value": "1"}]},
        "hold": {"type": "pause", "pause_time_sec": None, "now": {}},
    }
    assert [fault.partition(":")[0] for fault in faults(broken, timezone="Mars/Base", colour="red")] == [
        "timezone",
        "colour",
        "actions.ask.links.ok",
        "actions.ask.links.okay",
        "actions.ask.maximum_response_wait_time_sec",
        "actions.wait.type",
        "actions.hold.pause_time_sec",
        "actions.hold.now",
        "actions.set.variables[0].field",
    ]


@pytest.mark.parametrize(
    ("variable", "field", "fault"),
    [
        ("ordr", "number", 'variables[0].variable: expected a declared field to write (did you mean `order.number`?); found "ordr.number"'),
        ("order", "total", 'variables[0].field: expected a declared field to write (did you mean `order.status`?); found "order.total"'),
        ("customer", "name", 'variables[0].variable: expected a declared field to write; found "customer.name"'),
    ],
)
def test_writing_what_is_not_declared_is_a_fault(variable, field, fault):
    action = {"type": "assign_variables", "variables": [{"variable": variable, "field": field, "new_value": "x"}]}
    assert faults({"set": action}) == [f"actions.set.{fault}"]


def test_reading_what_is_not_declared_is_none():
    say = {"type": "simple_message", "message": "{{ nothing.known }}", "links": {"ok": "end"}}
    assert "say" in flow({"say": say}).actions


class Inner(Parameter):
    name: str = Field(min_length=2, pattern="^[a-z]+$")


class Outer(Action):
    """A type with parameters of kinds that none of the first types has."""

    type = "outer"
    section = "0.0"
    branches = ("ok",)
    failure = "ok"

    either: int | list[int] = 0
    by_name: dict[str, Inner] = Field(default_factory=dict)
    moment: Literal["now"] | None = None
    part: float = Field(default=0.0, gt=0)

    def apply(self, visit: Visit) -> Outcome:
        return Taken("ok")


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"either": "x"}, ['actions.it.either: expected a whole number; found "x"', 'actions.it.either: expected a list; found "x"']),
        ({"either": [1, "x"]}, [
            "actions.it.either: expected a whole number; found a list of 2",
            'actions.it.either[1]: expected a whole number; found "x"',
        ]),
        ({"by_name": {"a": {"name": "x"}}}, ['actions.it.by_name.a.name: expected text of at least 2 characters; found "x"']),
        ({"by_name": {"a": {"name": "XY"}}}, ['actions.it.by_name.a.name: expected text of the form ^[a-z]+$; found "XY"']),
        ({"by_name": {"a": {"nam": "xy"}}}, [
            "actions.it.by_name.a.name: expected a value, which is required; found nothing",
            'actions.it.by_name.a.nam: expected no such key (did you mean `name`?); found "xy"',
        ]),
        ({"by_name": {"a": 1}}, ["actions.it.by_name.a: expected a mapping; found 1"]),
        ({"moment": "later"}, ['actions.it.moment: expected `now`; found "later"']),
        ({"part": -0.5}, ["actions.it.part: expected Input should be greater than 0; found -0.5"]),
        ({"part": {1, 2}}, ["actions.it.part: expected Input should be a valid number; found set"]),
        ({"moment": {f"k{n}": 1 for n in range(9)}}, ["actions.it.moment: expected `now`; found a mapping with k0, k1, k2, k3, k4, …"]),
    ],
)  # fmt: skip
def test_a_type_to_come_has_its_faults_told_in_the_same_words(parameters, told):
    placed = document({"it": {"type": "outer", **parameters}})
    assert faults_of(lambda: read(placed, {**action_types(), "outer": Outer})) == told


def test_faults_by_the_hundred_are_all_told():
    many = {f"action_{n}": {"type": "node", "links": {"ok": f"actoin_{n}"}} for n in range(400)}
    assert len(faults(many)) == 400
