from typing import Any

import pytest
from pydantic import ValidationError

from processor.engine.entities.crm_v2 import CrmV2

OBJECTS: dict[str, Any] = {"contact": {"fields": {"phone": {}}}, "company": {"fields": {"name": {}}}}


def crm(scenarios: dict[str, Any], objects: dict[str, Any] = OBJECTS) -> CrmV2:
    return CrmV2.model_validate({"id": "v", "reference": "v", "objects": objects, "scenarios": scenarios})


SCENARIOS = {"one": {"object": "company"}, "two": {"object": "contact", "default": True}}


@pytest.mark.parametrize(("wanted", "found"), [("one", "one"), ("two", "two"), (None, "two"), ("three", None)])
def test_a_scenario_is_found_by_its_name_or_as_the_default_one(wanted: str | None, found: str | None) -> None:
    scenario = crm(SCENARIOS).scenario(wanted)
    assert (scenario and scenario[0]) == found


def test_without_a_default_one_none_is_found_for_no_name() -> None:
    assert crm({"one": {"object": "company"}}).scenario(None) is None


@pytest.mark.parametrize(
    ("scenarios", "problem"),
    [
        ({"one": {"object": "lead"}}, "scenario one with one of the objects contact, company, found 'lead'"),
        (
            {"one": {"object": "contact", "assertions": {"phone": "1", "name": "Ada"}}},
            "assertions of scenario one on fields of contact, found 'name'",
        ),
        (
            {name: {"object": "contact", "default": True} for name in ("one", "two")},
            "at most one default scenario, found one, two",
        ),
        ({"one": {"object": "contact", "assertions": {"phone": "{{ customer."}}}, "a Liquid template"),
    ],
)
def test_scenarios_fit_the_objects(scenarios: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        crm(scenarios)


@pytest.mark.parametrize("objects", [{}, {"contact": {"fields": {}}}, {"contact": {"fields": {"object": {}}}}])
def test_there_is_an_object_with_fields(objects: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        crm({}, objects)


def test_unique_fields_are_fields_of_the_object() -> None:
    unique = {"contact": {"fields": {"phone": {}}, "unique": ["phone"]}}
    assert crm({}, unique).objects["contact"].unique == ["phone"]
    with pytest.raises(ValidationError, match="`unique` with some of the fields phone, found 'name'"):
        crm({}, {"contact": {"fields": {"phone": {}}, "unique": ["name"]}})
