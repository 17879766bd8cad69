"""What tests/actions/test_values.yaml does not show of conditions."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from processor.engine.condition import BINARY, Condition, Incomparable, Operator, compiled
from processor.engine.definitions import DefinitionLog
from processor.engine.events import Continued
from processor.engine.interaction import Customer, Interaction
from processor.engine.template import Template
from processor.engine.visit import Visit
from tests.flows import flow_of
from tests.talk import MONDAY

OPERATORS: tuple[str, ...] = get_args(Operator)
VARIABLES = {
    "a": {
        "number": "number", "text": "text", "date": "date", "boolean": "boolean", "phone": "phone", "time": "date_and_time",
        "email": "email", "missing": "number",
    }
}  # fmt: skip
VALUES = {
    "a": {
        "number": "12.5", "text": "x", "date": "2026-03-02", "boolean": "true", "phone": "+33612345678",
        "time": "2026-03-02T10:00:00+01:00", "email": "a@example.org",
    }
}  # fmt: skip


def visit() -> Visit:
    customer = Customer("web_chat", "site", "+33612345678")
    interaction = Interaction("talk", 1, customer, "main", 1, MONDAY, MONDAY, variables=VALUES)
    return Visit(flow_of({}, variables=VARIABLES), interaction, Continued(MONDAY), DefinitionLog().newest())


def test_there_are_nineteen_operators() -> None:
    assert len(OPERATORS) == 19
    assert set(OPERATORS) >= BINARY


@settings(max_examples=300)
@given(
    st.sampled_from(OPERATORS),
    st.sampled_from(
        [*(f"{{{{ a.{name} }}}}" for name in VARIABLES["a"]), "{{ now }}", "{{ checkpoints }}", "{{ a }}", "{{ a.b.c }}", "words"]
    ),
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        st.sampled_from(["1", "{{ a.missing }}", "{{ a.text }}", "2026-03-02", "(("]),
    ),
)
def test_a_condition_holds_or_does_not_or_cannot_be_compared(operator: str, variable: str, value: str) -> None:
    try:
        condition = Condition.model_validate(
            {"variable": variable, "operator": operator, **({"value": value} if operator in BINARY else {})}
        )
    except ValidationError:  # the text happens to be a broken template
        return
    results: list[object] = []
    for _ in range(2):
        try:
            results.append(condition.holds(visit()))
        except Incomparable as problem:
            results.append(problem.reason)
    assert results[0] == results[1]
    assert results[0] in {True, False, "not_comparable", "bad_pattern"}


@pytest.mark.parametrize("operator", sorted(BINARY))
def test_with_two_missing_sides_nothing_holds(operator: Operator) -> None:
    condition = Condition(variable=Template("{{ a.missing }}"), operator=operator, value=Template("{{ a.missing }}"))
    assert condition.holds(visit()) is False


def test_an_email_address_is_compared_as_text() -> None:
    assert Condition(variable=Template("{{ a.email }}"), operator="=", value=Template("a@example.org")).holds(visit())
    assert Condition(variable=Template("{{ a.email }}"), operator="≠", value=Template("nobody")).holds(visit())


def test_what_is_more_than_one_field_is_text_and_ordered_as_a_number_where_it_is_one() -> None:
    more = Template("{{ a.number }}0")
    assert Condition(variable=more, operator="≥", value=Template("9")).holds(visit())
    assert not Condition(variable=more, operator="≥", value=Template("nine")).holds(visit())
    assert not Condition(variable=more, operator="=", value=Template("{{ a.number }}")).holds(visit())


def test_a_pattern_is_compiled_once_and_needs_little_memory() -> None:
    assert compiled("a+") is compiled("a+")
    with pytest.raises(Incomparable, match="bad_pattern"):
        compiled("((a{1000}){1000}){1000}")


def test_a_pattern_runs_in_time_linear_in_a_long_text() -> None:
    assert compiled("(a*)*(a*)*(a*)*b$").search("a" * 60_000) is None
