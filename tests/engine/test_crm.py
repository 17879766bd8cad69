import pytest
from pydantic import ValidationError

from processor.engine.entities.crm import Crm

DOCUMENT: dict[str, object] = {"id": "m", "reference": "m", "fields": {"phone": {"type": "phone"}}}


def test_a_directory_says_little() -> None:
    crm = Crm.model_validate(DOCUMENT)
    assert (crm.integration, crm.maximum_assertions, crm.maximum_fields) == (False, 10, 50)


@pytest.mark.parametrize(
    "fields",
    [
        {"fields": {}},
        {"fields": {"id": {}}},
        {"fields": {"crm": {}}},
        {"fields": {"object": {}}},
        {"fields": {"": {}}},
        {"unique": ["name"]},
        {"unique": ["phone", "phone"]},
        {"maximum_assertions": 0},
        {"maximum_assertions": 101},
        {"maximum_fields": 0},
        {"maximum_fields": 501},
    ],
)
def test_a_directory_has_bounds(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Crm.model_validate({**DOCUMENT, **fields})


def test_unique_fields_are_fields_of_the_directory() -> None:
    assert Crm.model_validate({**DOCUMENT, "unique": ["phone"]}).unique == ["phone"]
