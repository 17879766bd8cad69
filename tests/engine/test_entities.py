import pytest
from pydantic import ValidationError

from processor.engine.entities import KINDS, CheckpointDefinition, EntryPoint, WebService


def test_kinds_are_listed_by_the_name_that_documents_use() -> None:
    assert list(KINDS) == [
        "calendar", "campaign_layout", "case_type", "checkpoint", "crm", "crm_v2", "database", "email_template", "entry_point",
        "payment_module", "queue", "queue_group", "sms_campaign", "sms_template", "survey", "user", "values_table", "voice_campaign",
        "web_service", "whatsapp_campaign",
    ]  # fmt: skip
    assert {EntryPoint, CheckpointDefinition, WebService} <= set(KINDS.values())
    assert all(kind == entity.entity_kind for kind, entity in KINDS.items())


@pytest.mark.parametrize("identity", ["", "x" * 129, "a\nb", "a\x00"])
def test_an_id_is_one_line_of_up_to_128_characters(identity: str) -> None:
    with pytest.raises(ValidationError):
        CheckpointDefinition(id=identity, reference="r")


@pytest.mark.parametrize(
    "fields",
    [
        {"channel": "pigeon"},
        {"expires_after_hours": 0},
        {"expires_after_hours": 24 * 366 + 1},
        {"maximum_distributions": -1},
        {"maximum_distributions": 101},
        {"colour": "red"},
    ],
)
def test_an_entry_point_has_bounds(fields: dict[str, object]) -> None:
    document = {"id": "d", "reference": "d", "channel": "sms", "account": "1", "flow": "main"}
    EntryPoint.model_validate(document)
    with pytest.raises(ValidationError):
        EntryPoint.model_validate({**document, **fields})


@pytest.mark.parametrize("url", ["ftp://example.org", "example.org", "//example.org", ""])
def test_a_web_service_is_called_over_http(url: str) -> None:
    with pytest.raises(ValidationError):
        WebService(id="s", reference="s", url=url)
