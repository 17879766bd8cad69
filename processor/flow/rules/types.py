"""Values beside the types of the fields that they are written to or compared with."""

from collections.abc import Iterator
from typing import Final

from processor.actions.assign_variables import AssignVariables
from processor.actions.message_awaiting_response import MessageAwaitingResponse
from processor.actions.test_values import TestValues
from processor.engine.condition import Condition, Incomparable, compiled
from processor.engine.field_types import canonical
from processor.engine.flow import Flow
from processor.engine.visit import BUILT_IN_TYPES
from processor.flow.faults import described
from processor.flow.rules.facts import Facts
from processor.flow.rules.rule import Spot, flow_fault, flow_warning

_ANSWERS: Final = {
    "number": frozenset({"number", "text", "long_text"}),
    "email": frozenset({"email", "text", "long_text"}),
    "date": frozenset({"date", "date_and_time", "text", "long_text"}),
    "phone": frozenset({"phone", "text", "long_text"}),
    "image": frozenset({"image", "text", "long_text"}),
}
"""Type of a question → types of fields that take every valid answer. A long text may be anything, so that the field's own type decides."""

_TYPED: Final = frozenset({"=", "≠", "≥", "≤"})
_OF_LISTS: Final = frozenset({"contains", "exists", "does_not_exist", "is_empty"})


@flow_fault(
    "unfit_value",
    "A constant value does not fit the type of the field that it is written to: the action fails each time.",
    "Change the value, or the field's declared type.",
)
def unfit_value(facts: Facts) -> Iterator[Spot]:
    """Look for constants that cannot be read in the type of their field."""
    for path, action in facts.actions:
        if not isinstance(action, AssignVariables):
            continue
        for index, assignment in enumerate(action.variables):
            declared = facts.flow.declared(assignment.variable, assignment.field)
            value = assignment.new_value.constant
            if value is not None and not _fits(declared, value, facts.flow):
                field = f"{assignment.variable}.{assignment.field}"
                yield f"{path}.variables[{index}].new_value", f"{described(value)} is no {_told(declared)}, as `{field}` is declared"


@flow_warning(
    "unfit_question",
    "A question asks for another type than its field is declared with: answers that are valid do not fit.",
    "Ask for the field's type, or declare the field with the question's.",
)
def unfit_question(facts: Facts) -> Iterator[Spot]:
    """Look for questions whose valid answers their field does not take."""
    for path, action in facts.actions:
        if not isinstance(action, MessageAwaitingResponse):
            continue
        for index, question in enumerate(action.questions):
            declared = facts.flow.declared(question.variable, question.field)
            if declared not in _ANSWERS.get(question.variable_type, (declared,)):
                field = f"{question.variable}.{question.field}"
                yield (
                    f"{path}.questions[{index}].variable_type",
                    f"the question asks for a {_told(question.variable_type)}, and `{field}` is a {_told(declared)}",
                )


@flow_fault(
    "unfit_comparison",
    "A condition compares what cannot be compared: the test takes `error` whenever there is a value.",
    "Compare with a value of the field's type, or use an operator that suits it.",
)
def unfit_comparison(facts: Facts) -> Iterator[Spot]:
    """Look for constants that cannot be read in the type of what they are compared with, and for operators that lists do not have."""
    for path, condition in _conditions(facts):
        read = condition.variable.path
        if read == ("checkpoints",):
            if condition.operator not in _OF_LISTS:
                yield f"{path}.operator", f"`{condition.operator}` does not suit a list such as `checkpoints`"
            continue
        value = condition.value.constant if condition.value is not None else None
        if read is None or len(read) > 2 or value is None or condition.operator not in _TYPED:
            continue
        declared = BUILT_IN_TYPES.get(read) or facts.flow.declared(read[0], read[-1])
        if not value.strip() and declared in ("number", "date", "date_and_time"):
            yield f"{path}.value", f"nothing is no {_told(declared)}, as `{'.'.join(read)}` is"
        elif declared in ("number", "date", "date_and_time", "boolean", "phone") and not _fits(_read_as(declared), value, facts.flow):
            yield f"{path}.value", f"{described(value)} is no {_told(declared)}, as `{'.'.join(read)}` is"


@flow_warning(
    "text_order",
    "A condition orders a text beside a number: texts are ordered letter by letter, so that 10 comes before 9.",
    "Declare the field as a number.",
)
def text_order(facts: Facts) -> Iterator[Spot]:
    """Look for fields of text that are held against a constant number."""
    for path, condition in _conditions(facts):
        read = condition.variable.path
        value = condition.value.constant if condition.value is not None else None
        if read is None or len(read) != 2 or value is None or condition.operator not in ("≥", "≤"):
            continue
        declared = BUILT_IN_TYPES.get(read) or facts.flow.declared(*read)
        if declared in ("text", "long_text") and value.strip() and _fits("number", value, facts.flow):
            yield f"{path}.operator", f"`{'.'.join(read)}` is a text, and {described(value)} a number"


@flow_fault("bad_pattern", "A regular expression does not compile (RE2): the test takes `error`.", "Mend the expression.")
def bad_pattern(facts: Facts) -> Iterator[Spot]:
    """Look for constant patterns that RE2 does not take."""
    for path, condition in _conditions(facts):
        pattern = condition.value.constant if condition.operator == "regular_expression" and condition.value is not None else None
        if pattern is None:
            continue
        try:
            compiled(pattern)
        except Incomparable as problem:
            yield f"{path}.value", f"{described(pattern)} does not compile: {str(problem).rpartition('found ')[2]}"


def _conditions(facts: Facts) -> Iterator[tuple[str, Condition]]:
    for path, action in facts.actions:
        if isinstance(action, TestValues):
            for index, condition in enumerate(action.conditions):
                yield f"{path}.conditions[{index}]", condition


def _fits(declared: str, value: str, flow: Flow) -> bool:
    try:
        canonical(declared, value, flow)
    except ValueError:
        return False
    return True


def _read_as(declared: str) -> str:
    """Return the type in which a value is read to be compared: dates by their moment."""
    return "date_and_time" if declared == "date" else declared


def _told(declared: str) -> str:
    return declared.replace("_", " ")
