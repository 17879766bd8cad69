import json

import pytest
from jsonschema import Draft202012Validator

from processor.actions import action_types
from processor.actions.node import Node
from processor.engine.entities import KINDS
from processor.flow.document import load
from processor.flow.example import description, example
from processor.flow.json_schema import DIALECT, json_schema
from processor.flow.mentions import mentions
from processor.flow.reader import read
from tests.flow.documents import END, ENTRY_POINT, QUESTION, WEB_SERVICE, document


@pytest.fixture(scope="module")
def schema():
    return json_schema(action_types())


@pytest.fixture(scope="module")
def validator(schema):
    return Draft202012Validator(schema)


def faults(validator, candidate):
    return sorted(fault.json_path for fault in validator.iter_errors(json.loads(json.dumps(candidate))))


def test_the_schema_is_a_schema(schema):
    assert schema["$schema"] == DIALECT
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema


def test_every_type_is_described_with_its_branches_and_its_example(schema):
    for name, action_type in action_types().items():
        described = schema["$defs"][f"action.{name}"]
        assert described["description"] == description(action_type)
        assert "```" not in described["description"]
        assert described["examples"] == [dict(example(action_type))]
        assert list(described["properties"]["links"]["properties"]) == list(action_type.branches)
        assert {"type"} <= set(described["required"])


@pytest.mark.parametrize("name", action_types())
def test_the_example_of_a_type_is_valid_and_is_read(name, validator):
    placed = dict(example(action_types()[name]))
    assert placed["type"] == name
    actions = {"start": placed} if name == "start" else {"it": placed}
    declared: dict[str, dict[str, str]] = {}
    for _, target in mentions(action_types()[name].model_validate({key: value for key, value in placed.items() if key != "type"})).targets:
        declared.setdefault(target.variable, {})[target.field] = "text"
    whole = document(actions, variables=declared)
    assert faults(validator, whole) == []
    assert read(whole, action_types()).actions


@pytest.mark.parametrize("whole", [document(), document({"ask": QUESTION}, kind="flow"), ENTRY_POINT, WEB_SERVICE])
def test_documents_that_can_be_read_are_valid(validator, whole):
    assert faults(validator, whole) == []


@pytest.mark.parametrize(
    ("whole", "paths"),
    [
        ([], ["$"] * (len(KINDS) + 1)),
        (document(colour="red"), ["$"]),
        (document(country="fr"), ["$.country"]),
        (document(variables={"a b": {}}), ["$.variables"]),
        (document(variables={"a": {"x": "txt"}}), ["$.variables.a.x"]),
        ({**document(), "actions": {"only": END}}, ["$.actions"]),
        (document({"start": END}), ["$.actions.start.type"]),
        (document({"only": END, "end": END}), ["$.actions"]),
        (document({"only": END, "a b": END}), ["$.actions"]),
        (document({"it": {"type": "paus"}}), ["$.actions.it.type"]),
        (document({"it": {"type": "pause", "pause_time_sec": "5"}}), ["$.actions.it.pause_time_sec"]),
        (document({"it": {"type": "node", "links": {"okay": "end"}}}), ["$.actions.it.links"]),
        (document({"it": {"type": "node", "links": {"ok": 3}}}), ["$.actions.it.links.ok"]),
        ({**ENTRY_POINT, "channel": "fax"}, ["$.channel"]),
        ({**ENTRY_POINT, "kind": "flow"}, ["$", "$", "$", "$", "$", "$"]),
    ],
)
def test_what_an_editor_can_see_is_told_where_it_is(validator, whole, paths):
    assert faults(validator, whole) == paths


def test_types_of_the_same_name_are_kept_apart(schema):
    assert "request_settings" in schema["$defs"]["action.web_service"]["properties"]
    assert "url" in schema["$defs"]["kind.web_service"]["properties"]


class Undescribed(Node):
    """Nothing more."""


def test_a_type_without_an_example_is_told():
    with pytest.raises(LookupError, match="Undescribed: expected an example"):
        example(Undescribed)


def test_an_example_is_read_like_any_document():
    assert example(action_types()["test_values"])["links"] == load("{'yes': end, 'no': end, error: end}")
