import pytest
from pydantic import ValidationError

from processor.engine.entities.declared_field import DeclaredField
from tests.flows import flow_of

FRENCH = flow_of({})


@pytest.mark.parametrize(
    ("field", "value", "canonical"),
    [
        (DeclaredField(), " as it is ", " as it is "),
        (DeclaredField(), " \n ", ""),
        (DeclaredField(type="number"), "1 234,50", "1234.5"),
        (DeclaredField(type="number"), " ", ""),
        (DeclaredField(type="date"), "1er mars 2026", "2026-03-01"),
        (DeclaredField(type="phone"), "06 12 34 56 78", "+33612345678"),
        (DeclaredField(type="boolean"), "TRUE", "true"),
        (DeclaredField(type="list", values=["high", "low"]), " low ", "low"),
        (DeclaredField(type="list", values=["high", "low"]), "", ""),
    ],
)
def test_values_are_kept_in_the_canonical_form_of_the_type(field: DeclaredField, value: str, canonical: str) -> None:
    assert field.canonical(value, FRENCH) == canonical


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        (DeclaredField(type="number"), "a lot", "a number, found 'a lot'"),
        (DeclaredField(type="list", values=["high", "low"]), "High", "one of high, low, found 'High'"),
        (DeclaredField(type="list", values=["high", "low"]), "x" * 50, f"found '{'x' * 40}'"),
    ],
)
def test_what_does_not_fit_is_told(field: DeclaredField, value: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        field.canonical(value, FRENCH)


@pytest.mark.parametrize(
    "document", [{"type": "list"}, {"type": "list", "values": []}, {"values": ["a"]}, {"type": "number", "values": ["1"]}]
)
def test_a_list_has_values_and_nothing_else_has(document: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="`values` with type list, and with no other"):
        DeclaredField.model_validate(document)


def test_a_type_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValidationError, match="'boolean'"):
        DeclaredField.model_validate({"type": "colour"})
