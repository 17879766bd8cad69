"""What holds for every action type: its file, its words, its example, its data."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from processor.actions import action_types
from processor.engine.action import LINKS, SUCCESSES, Action
from processor.engine.entities import CheckpointDefinition, Entity, Input, Output, WebService
from processor.engine.flow import Flow
from processor.engine.parameters import Parameter
from tests.actions.test_cases import FOLDER, cases_of
from tests.flows import action_of, flow_of
from tests.talk import Talk

BRANCHES = {
    "start": ("1.1", ["ok"]),
    "load_sharing": ("1.2", [*LINKS, "no_link"]),
    "add_checkpoint": ("1.3", ["ok", "reference_not_found"]),
    "pause": ("1.4", ["ok"]),
    "node": ("1.5", ["ok"]),
    "simple_message": ("2.1", ["ok"]),
    "message_awaiting_response": ("2.2", ["ok", "error", "maximum_attempts_reached", "response_time_exceeded"]),
    "message_with_choice": ("2.3", [*LINKS, "error", "response_time_exceeded"]),
    "distribution_to_smart_routing": ("4.2", ["not_found", "maximum_distributions_reached"]),
    "assign_variables": ("6.1", ["ok", "error"]),
    "test_values": ("6.2", ["yes", "no", "error"]),
    "check_passages": ("6.8", ["less_than_or_equal", "greater"]),
    "web_service": ("8.1", ["ok", "not_ok"]),
}
"""Section and branches of each type, as the project's semantics have them."""

each_type = pytest.mark.parametrize("action_type", action_types().values(), ids=lambda found: found.type)


def test_there_are_thirteen_types_in_the_order_of_their_sections() -> None:
    assert list(action_types()) == list(BRANCHES)


@each_type
def test_section_and_branches_are_those_of_the_semantics(action_type: type[Action]) -> None:
    section, branches = BRANCHES[action_type.type]
    assert action_type.section == section
    assert list(action_type.branches) == branches
    assert action_type.failure in branches


@each_type
def test_module_class_and_type_have_one_name(action_type: type[Action]) -> None:
    assert action_type.__module__ == f"processor.actions.{action_type.type}"
    assert action_type.__name__ == "".join(word.capitalize() for word in action_type.type.split("_"))
    assert action_types()[action_type.type] is action_type


@each_type
def test_nothing_is_public_but_the_class_and_its_groups_of_parameters(action_type: type[Action]) -> None:
    module = inspect.getmodule(action_type)
    tree = ast.parse(inspect.getsource(module)) if module is not None else ast.Module([], [])
    public = {name for node in tree.body for name in _defined(node) if not name.startswith("_")}
    groups = {name for name in public if issubclass(getattr(module, name), Parameter)}
    assert public - groups == {action_type.__name__}


def _defined(node: ast.stmt) -> list[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def documentation(action_type: type[Action]) -> str:
    """Return the docstring of an action type."""
    return inspect.cleandoc(action_type.__doc__ or "")


@each_type
def test_the_docstring_begins_with_one_imperative_line(action_type: type[Action]) -> None:
    first, blank, *_ = documentation(action_type).splitlines()
    assert first.endswith(".")
    assert not blank
    verb = first.split()[0]
    assert verb[0].isupper()
    assert not verb.endswith("s")  # "Sends" would describe, "Send" tells


@each_type
def test_the_docstring_mentions_each_branch(action_type: type[Action]) -> None:
    mentioned = set(re.findall(r"`(\w+)`", documentation(action_type)))
    if {LINKS[0], LINKS[-1]} <= mentioned:  # `link_1` … `link_10`
        mentioned.update(LINKS)
    assert set(action_type.branches) <= mentioned


def example(action_type: type[Action]) -> dict[str, Any]:
    """Return the document in the docstring of an action type."""
    (source,) = re.findall(r"```yaml\n(.*?)```", documentation(action_type), re.DOTALL)
    document: dict[str, Any] = yaml.safe_load(source)
    return document


@each_type
def test_the_example_links_every_branch_that_it_can_take(action_type: type[Action]) -> None:
    document = example(action_type)
    action = action_of(document)
    assert set(action.used_branches()) <= set(action.branches)
    assert set(action.used_branches()) <= set(document["links"])


NAMED: list[Flow | Entity] = [
    CheckpointDefinition(id="c1", reference="qualified"),
    WebService(
        id="s1",
        reference="order_status",
        url="https://example.org/",
        inputs={"number": Input()},
        outputs={"status": Output(path="$.status")},
    ),
    flow_of({"rest": {"type": "pause", "pause_time_sec": 60}}, reference="after_hours"),
]
"""What the examples name."""


@each_type
def test_the_example_runs(action_type: type[Action]) -> None:
    document = example(action_type)
    assert document["type"] == action_type.type
    start, actions = ({"start": document}, {}) if action_type.type == "start" else ({}, {"example": document})
    talk = Talk(flow_of({**start, **actions}, variables={"order": {"number": "number", "status": "text"}}), *NAMED)
    advance = talk.say("hello")
    step = next(step for step in advance.steps if step.type == action_type.type)
    failures = set(action_type.branches) - SUCCESSES
    assert step.branch not in failures
    assert step.branch is not None or step.wait_id is not None or step.handed_over_to is not None


@each_type
def test_every_branch_has_a_case(action_type: type[Action]) -> None:
    taken = {case["expected"].get("branch") for case in cases_of(action_type.type)}
    assert set(action_type.branches) <= taken


@each_type
def test_no_two_cases_tell_the_same(action_type: type[Action]) -> None:
    sentences = [case["case"] for case in cases_of(action_type.type)]
    assert len(set(sentences)) == len(sentences)


def test_every_data_file_belongs_to_a_type() -> None:
    assert {Path(file).stem for file in FOLDER.glob("*.yaml")} == set(action_types())


@each_type
def test_a_template_that_fails_takes_a_failure_branch_where_there_is_one(action_type: type[Action]) -> None:
    assert (action_type.failure in SUCCESSES) == (set(action_type.branches) <= SUCCESSES)


@each_type
def test_the_schema_knows_every_parameter_and_refuses_others(action_type: type[Action]) -> None:
    schema = action_type.model_json_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(action_type.model_fields)


@each_type
def test_a_type_that_always_waits_says_so(action_type: type[Action]) -> None:
    document = example(action_type)
    waiting = action_type.type in {"pause", "message_awaiting_response", "message_with_choice", "web_service"}
    assert action_of(document).waits() is waiting
