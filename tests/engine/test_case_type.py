import pytest
from pydantic import ValidationError

from processor.engine.entities.case_type import CaseType
from processor.engine.entities.declared_field import DeclaredField


def case_type(fields: dict[str, object]) -> CaseType:
    return CaseType.model_validate({"id": "t", "reference": "t", "fields": fields})


def test_title_and_status_are_there_in_any_case() -> None:
    assert case_type({}).declared == {"title": DeclaredField(), "status": DeclaredField()}


def test_a_type_may_declare_them_otherwise() -> None:
    status = {"type": "list", "values": ["open", "closed"]}
    assert case_type({"status": status, "refund": {"type": "number"}}).declared == {
        "title": DeclaredField(),
        "status": DeclaredField(type="list", values=["open", "closed"]),
        "refund": DeclaredField(type="number"),
    }


@pytest.mark.parametrize("name", ["id", "reference", "type"])
def test_what_says_which_case_it_is_is_no_field(name: str) -> None:
    with pytest.raises(ValidationError, match=f"a name that is not one of id, reference, type, found '{name}'"):
        case_type({name: {}})
