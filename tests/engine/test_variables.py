import pytest

from processor.engine.flow import Flow
from processor.engine.outcome import Write
from processor.engine.variables import carried, fields_of, written
from tests.flows import flow_of


def test_writes_are_made_in_order_on_a_new_value() -> None:
    before = {"a": {"x": "1"}}
    after = written(before, (Write("a", "y", "2"), Write("b", "z", "3"), Write("a", "y", "4")))
    assert after == {"a": {"x": "1", "y": "4"}, "b": {"z": "3"}}
    assert before == {"a": {"x": "1"}}


def test_an_empty_value_clears_its_field_and_a_variable_without_fields_is_gone() -> None:
    assert written({"a": {"x": "1", "y": "2"}}, (Write("a", "x", ""),)) == {"a": {"y": "2"}}
    assert written({"a": {"x": "1"}}, (Write("a", "x", ""), Write("b", "z", ""))) == {}


def test_without_writes_the_variables_are_the_same() -> None:
    before = {"a": {"x": "1"}}
    assert written(before, ()) is before


def test_fields_are_counted_over_all_variables() -> None:
    assert fields_of({}) == 0
    assert fields_of({"a": {"x": "1", "y": "2"}, "b": {"z": "3"}}) == 3


def declaring(declared: str | None) -> Flow:
    return flow_of({}, variables={"a": {"x": declared}} if declared is not None else {"a": {"other": "text"}})


@pytest.mark.parametrize(
    ("source", "target", "value", "received"),
    [
        ("number", "number", "12.5", "12.5"),
        ("number", None, "12.5", "12.5"),
        (None, None, "12.5", "12.5"),
        ("number", "text", "12.5", None),
        ("text", "number", "12.5", None),
        ("text", "long_text", "x", None),
        # Carried through a flow that does not declare it: read in the type that the target declares.
        (None, "number", "12.5", "12.5"),
        (None, "number", "1 234,5", "1234.5"),
        (None, "number", "x", None),
        (None, "number", " ", None),
        (None, "text", "x", "x"),
        (None, "date", "2026-03-01", "2026-03-01"),
    ],
)
def test_a_variable_is_carried_unless_the_target_has_another_type(
    source: str | None, target: str | None, value: str, received: str | None
) -> None:
    kept, warnings = carried({"a": {"x": value}}, declaring(source), declaring(target))
    assert kept == ({"a": {"x": received}} if received is not None else {})
    assert warnings == (() if received is not None else ("variable_dropped: a.x",))


def test_a_number_that_comes_back_from_a_flow_without_it_is_a_number_still() -> None:
    numbers, nothing = declaring("number"), declaring(None)
    there, _ = carried({"a": {"x": "12.5"}}, numbers, nothing)
    back, warnings = carried(there, nothing, numbers)
    assert (back, warnings) == ({"a": {"x": "12.5"}}, ())
