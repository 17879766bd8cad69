"""Values for declared fields, and what is wrong with them before anybody writes."""

from typing import Any

import pytest

from processor.engine.definitions import DefinitionLog
from processor.engine.errors import Misfit
from tests.actions.test_cases import entity_of
from tests.flows import action_of

DOCUMENTS: tuple[dict[str, Any], ...] = (
    {
        "kind": "crm",
        "id": "m1",
        "reference": "customers",
        "maximum_assertions": 2,
        "maximum_fields": 2,
        "fields": {"phone": {"type": "phone", "required": True}, "name": {}, "grade": {"type": "list", "values": ["gold", "silver"]}},
    },
    {"kind": "crm", "id": "m2", "reference": "partners", "integration": True, "fields": {"name": {}}},
    {
        "kind": "crm_v2",
        "id": "v1",
        "reference": "sales",
        "maximum_fields": 1,
        "objects": {"contact": {"fields": {"name": {"required": True}, "phone": {}}}},
        "scenarios": {"by_phone": {"object": "contact"}},
    },
    {"kind": "crm_v2", "id": "v2", "reference": "empty", "objects": {"contact": {"fields": {"name": {}}}}},
    {"kind": "case_type", "id": "t1", "reference": "complaint", "fields": {"status": {"type": "list", "values": ["open", "closed"]}}},
    {"kind": "whatsapp_campaign", "id": "c1", "reference": "winter", "lowest_priority": 2},
    {"kind": "campaign_layout", "id": "l1", "reference": "lead", "fields": {"name": {"required": True}}},
)
LOG = DefinitionLog()
for offset, document in enumerate(DOCUMENTS):
    LOG.publish(offset, entity_of(document))


def misfits(action_type: str, **parameters: Any) -> list[Misfit]:
    return action_of({"type": action_type, **parameters}).misfits(LOG.newest())


def content(**fields: str) -> list[dict[str, str]]:
    return [{"field": name, "value": value} for name, value in fields.items()]


def changed(**fields: str) -> list[dict[str, str]]:
    return [{"field": name, "new_value": value} for name, value in fields.items()]


CUSTOMERS = {"reference": "customers"}
SALES = {"id": "v1"}


@pytest.mark.parametrize(
    ("action_type", "parameters", "found"),
    [
        ("modify_case", {"case_type": {"id": "t1"}, "fields": changed(status=" closed ", title="Done")}, []),
        ("modify_case", {"case_type": {"id": "t1"}, "fields": changed(status="{{ order.status }}")}, []),
        ("modify_case", {"case_type": {"id": "t1"}, "fields": changed(status="")}, []),
        ("modify_case", {"fields": changed(colour="red")}, []),
        ("modify_case", {"case_type": {"reference": "{{ order.type }}"}, "fields": changed(colour="red")}, []),
        (
            "modify_case",
            {"case_type": {"reference": "complaint"}, "fields": changed(status="Closed", colour="red")},
            [
                Misfit("value_not_listed", "fields[0].new_value", "one of open, closed", "Closed"),
                Misfit("unknown_field", "fields[1].field", "one of title, status", "colour"),
            ],
        ),
        ("associate_crm_card", {"crm": CUSTOMERS, "search_assertions": content(name="Ada", grade="gold")}, []),
        ("associate_crm_card", {"crm": {"reference": "{{ order.crm }}"}, "search_assertions": content(colour="red")}, []),
        (
            "associate_crm_card",
            {"crm": CUSTOMERS, "search_assertions": content(name="Ada", grade="bronze", colour="red")},
            [
                Misfit("unfit_definition", "search_assertions", "at most 2, as the definition says", "3"),
                Misfit("value_not_listed", "search_assertions[1].value", "one of gold, silver", "bronze"),
                Misfit("unknown_field", "search_assertions[2].field", "one of phone, name, grade", "colour"),
            ],
        ),
        (
            "associate_crm_card",
            {"crm": CUSTOMERS, "create_if_not_found": True, "search_assertions": content(name="Ada")},
            [Misfit("missing_field", "search_assertions", "a value for field `phone`, which is required", "nothing")],
        ),
        (
            "associate_crm_card",
            {"crm": {"id": "m2"}, "create_if_not_found": True, "search_assertions": content(name="Ada")},
            [Misfit("unfit_definition", "create_if_not_found", "a CRM that no integration keeps", "partners")],
        ),
        ("create_crm_card", {"crm": {"id": "m1"}, "crm_card_fields": content(phone="{{ customer.address }}")}, []),
        ("create_crm_card", {"crm": {"id": "gone"}, "crm_card_fields": content(colour="red")}, []),
        (
            "create_crm_card",
            {"crm": {"id": "m1"}, "crm_card_fields": content(name="Ada", grade="gold", colour="red")},
            [
                Misfit("unfit_definition", "crm_card_fields", "at most 2, as the definition says", "3"),
                Misfit("unknown_field", "crm_card_fields[2].field", "one of phone, name, grade", "colour"),
                Misfit("missing_field", "crm_card_fields", "a value for field `phone`, which is required", "nothing"),
            ],
        ),
        ("associate_crm_v2_card", {"crm": SALES, "crm_scenario": "by_phone"}, []),
        ("associate_crm_v2_card", {"crm": {"reference": "{{ order.crm }}"}}, []),
        (
            "associate_crm_v2_card",
            {"crm": SALES},
            [Misfit("unfit_definition", "crm_scenario", "a scenario, for the CRM has no default one", "nothing")],
        ),
        (
            "associate_crm_v2_card",
            {"crm": SALES, "crm_scenario": "by_fax"},
            [Misfit("unfit_definition", "crm_scenario", "one of by_phone", "by_fax")],
        ),
        (
            "associate_crm_v2_card",
            {"crm": {"id": "v2"}, "crm_scenario": "by_fax"},
            [Misfit("unfit_definition", "crm_scenario", "one of no scenarios", "by_fax")],
        ),
        ("create_crm_v2_card", {"crm": SALES, "crm_object": "contact", "crm_card_fields": content(name="Ada")}, []),
        ("create_crm_v2_card", {"crm": {"id": "gone"}, "crm_object": "lead", "crm_card_fields": content(name="Ada")}, []),
        (
            "create_crm_v2_card",
            {"crm": SALES, "crm_object": "lead", "crm_card_fields": content(name="Ada")},
            [Misfit("unfit_definition", "crm_object", "one of contact", "lead")],
        ),
        (
            "create_crm_v2_card",
            {"crm": SALES, "crm_object": "contact", "crm_card_fields": content(phone="1", colour="red")},
            [
                Misfit("unfit_definition", "crm_card_fields", "at most 1, as the definition says", "2"),
                Misfit("unknown_field", "crm_card_fields[1].field", "one of name, phone", "colour"),
                Misfit("missing_field", "crm_card_fields", "a value for field `name`, which is required", "nothing"),
            ],
        ),
        ("insert_whatsapp_target", {"campaign": {"id": "c1"}, "phone_number": "1", "priority": 2}, []),
        ("insert_whatsapp_target", {"campaign": {"id": "c1"}, "phone_number": "1", "priority": "{{ order.priority }}"}, []),
        ("insert_whatsapp_target", {"campaign": {"id": "gone"}, "phone_number": "1", "priority": 99}, []),
        (
            "insert_whatsapp_target",
            {"campaign": {"reference": "{{ order.campaign }}"}, "phone_number": "1", "priority": 99},
            [],
        ),
        *(
            (
                "insert_whatsapp_target",
                {"campaign": {"reference": "winter"}, "phone_number": "1", "priority": priority},
                [Misfit("unfit_definition", "priority", "a whole number from 2 to 10", str(priority))],
            )
            for priority in (1, 11, 2.5, "high", "")
        ),
        (
            "insert_whatsapp_target",
            {
                "campaign": {"id": "c1"},
                "phone_number": "1",
                "priority": 2,
                "campaign_target_layout": {"reference": "lead"},
                "campaign_target_fields": content(colour="red"),
            },
            [
                Misfit("unknown_field", "campaign_target_fields[0].field", "one of name", "colour"),
                Misfit("missing_field", "campaign_target_fields", "a value for field `name`, which is required", "nothing"),
            ],
        ),
        (
            "insert_whatsapp_target",
            {"campaign": {"id": "c1"}, "phone_number": "1", "priority": 2, "campaign_target_layout": {"reference": "{{ order.layout }}"}},
            [],
        ),
    ],
)
def test_what_can_be_known_before_is_told(action_type: str, parameters: dict[str, Any], found: list[Misfit]) -> None:
    assert misfits(action_type, **parameters) == found


ANY = {"crm": CUSTOMERS, "search_assertions": content(name="Ada")}


@pytest.mark.parametrize(
    ("linked", "used"),
    [
        ([], ("ok", "not_ok", "not_found", "by_default")),
        (["ok"], ("ok", "not_ok", "not_found", "by_default")),
        (["by_default"], ("by_default",)),
        (["by_default", "not_found"], ("not_found", "by_default")),
    ],
)
def test_by_default_takes_what_has_no_link_so_that_nobody_is_warned_of_it(linked: list[str], used: tuple[str, ...]) -> None:
    action = action_of({"type": "associate_crm_card", **ANY, "links": dict.fromkeys(linked, "end")})
    assert action.used_branches() == used
