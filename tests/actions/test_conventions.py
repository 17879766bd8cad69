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
from processor.engine.entities import Entity
from processor.engine.flow import Flow
from processor.engine.parameters import Parameter
from processor.engine.step import Step
from tests.actions.test_cases import FOLDER, cases_of, entity_of
from tests.flows import action_of, flow_of
from tests.talk import Talk

BRANCHES: dict[str, tuple[str, list[str]]] = {
    "start": ("1.1", ["ok"]),
    "load_sharing": ("1.2", [*LINKS, "no_link"]),
    "add_checkpoint": ("1.3", ["ok", "reference_not_found"]),
    "pause": ("1.4", ["ok"]),
    "node": ("1.5", ["ok"]),
    "simple_message": ("2.1", ["ok"]),
    "message_awaiting_response": ("2.2", ["ok", "error", "maximum_attempts_reached", "response_time_exceeded"]),
    "message_with_choice": ("2.3", [*LINKS, "error", "response_time_exceeded"]),
    "send_email": ("3.1", ["ok", "partially_sent", "reference_not_found", "error"]),
    "send_sms": ("3.2", ["ok", "error", "not_mobile", "reference_not_found"]),
    "distribution_to_queue": (
        "4.1",
        [
            "processed",
            "unprocessed",
            "reference_not_found",
            "overflow_no_user",
            "overflow_maximum_estimated_wait",
            "overflow_maximum_waiting",
            "overflow",
            "dissuasion_maximum_wait",
            "dissuasion_by_user",
            "dissuasion",
        ],
    ),
    "distribution_to_smart_routing": ("4.2", ["not_found", "maximum_distributions_reached"]),
    "distribution_to_user": ("4.3", ["ok", "error", "no_response", "reference_not_found"]),
    "associate_case": ("5.1", ["ok", "not_found"]),
    "dissociate_case": ("5.2", ["ok"]),
    "create_case": ("5.3", ["ok", "error", "not_found"]),
    "modify_case": ("5.4", ["ok", "error", "not_found"]),
    "associate_crm_card": ("5.5", ["ok", "not_ok", "not_found", "by_default"]),
    "create_crm_card": ("5.6", ["ok", "error"]),
    "associate_crm_v2_card": ("5.7", ["ok", "not_ok", "not_found", "by_default"]),
    "create_crm_v2_card": ("5.8", ["ok", "error"]),
    "create_task": ("5.9", ["ok", "error"]),
    "assign_variables": ("6.1", ["ok", "error"]),
    "test_values": ("6.2", ["yes", "no", "error"]),
    "values_table": ("6.3", ["ok", "reference_not_found", "no_value"]),
    "read_database": ("6.4", ["ok", "not_found"]),
    "save_database": ("6.5", ["ok", "not_ok"]),
    "modify_database": ("6.6", ["ok", "error", "columns_not_found", "no_value_found", "no_modification"]),
    "date_and_time": ("6.7", ["ok", "not_ok"]),
    "check_passages": ("6.8", ["less_than_or_equal", "greater"]),
    "check_nth_contact": ("6.9", [*LINKS, "no_link"]),
    "test_schedule": ("7.1", ["open", "closed", "not_found"]),
    "test_week_parity": ("7.2", ["even", "uneven"]),
    "web_service": ("8.1", ["ok", "not_ok"]),
    "insert_whatsapp_target": ("9.1", ["ok", "reference_not_found", "error", "duplication", "invalid_number"]),
    "insert_voice_target": ("9.2", ["ok", "reference_not_found", "error", "duplication", "invalid_number"]),
    "insert_sms_target": ("9.3", ["ok", "reference_not_found", "error", "duplication", "invalid_number"]),
    "survey": ("10.1", ["ok", "reference_not_found", "error"]),
    "search_invoice": ("11.1", ["ok", "not_found"]),
    "pay_invoice": (
        "11.2",
        [
            "payment_stopped",
            "bank_transfer_error",
            "invoice_not_found",
            "fraudulent_payment",
            "failed_payment",
            "payment_error",
            "payment_successful",
            "notification_sent",
        ],
    ),
}
"""Section and branches of each type, as the project's semantics have them."""

each_type = pytest.mark.parametrize("action_type", action_types().values(), ids=lambda found: found.type)


def test_there_are_forty_types_with_147_branches_in_the_order_of_their_sections() -> None:
    assert list(action_types()) == list(BRANCHES)
    assert len(BRANCHES) == 40
    assert sum(len(branches) for _, branches in BRANCHES.values()) == 147


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


def named() -> list[Flow | Entity]:
    """Return what the examples name: the documents in the folder `named`, and a flow."""
    documents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((FOLDER / "named").glob("*.yaml"))]
    return [flow_of({"rest": {"type": "pause", "pause_time_sec": 60}}, reference="after_hours"), *map(entity_of, documents)]


VARIABLES = {
    "order": {"number": "number", "status": "text", "total": "number", "date": "date_and_time"},
    "contact": {"name": "text", "email": "email", "phone": "phone"},
}
"""What the examples declare."""


def example_step(action_type: type[Action]) -> Step:
    """Return the step with which an example is applied for the first time."""
    document = example(action_type)
    assert document["type"] == action_type.type
    start, actions = ({"start": document}, {}) if action_type.type == "start" else ({}, {"example": document})
    given = {
        "type": "assign_variables",
        "variables": [
            {"variable": "order", "field": "number", "new_value": 1042},
            {"variable": "order", "field": "date", "new_value": "2026-03-02T10:00:00+01:00"},
            {"variable": "contact", "field": "name", "new_value": "Ada"},
            {"variable": "contact", "field": "email", "new_value": "ada@example.org"},
            {"variable": "contact", "field": "phone", "new_value": "+33612345678"},
        ],
        "links": {"ok": "example"},
    }
    talk = Talk(flow_of({**start, **({"given": given} if actions else {}), **actions}, variables=VARIABLES), *named())
    return next(step for step in talk.say("hello").steps if step.type == action_type.type and step.action != "given")


@each_type
def test_the_example_runs(action_type: type[Action]) -> None:
    step = example_step(action_type)
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
    assert action_of(example(action_type)).waits() is (example_step(action_type).wait_id is not None)
