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


@pytest.mark.parametrize("name", ["number", "customer/name", "order/@id", "@xmlns", "soap:Body/ask:number", "a/b/c-1.2"])
def test_inputs_of_a_body_in_xml_are_named_by_elements_and_attributes(name: str) -> None:
    document = {"id": "s", "reference": "s", "url": "https://x", "body_format": "xml", "body_root": "soap:Envelope"}
    assert name in WebService.model_validate({**document, "inputs": {name: {}}}).inputs


@pytest.mark.parametrize("name", ["", "1st", "a b", "a/", "/a", "a//b", "a/@b/c", "a:b:c", "a\n", "a><b", "@", "é"])
def test_a_name_that_xml_does_not_allow_is_refused_in_a_body_in_xml_and_nowhere_else(name: str) -> None:
    document = {"id": "s", "reference": "s", "url": "https://x", "body_format": "xml"}
    with pytest.raises(ValidationError, match="expected a name that XML allows"):
        WebService.model_validate({**document, "inputs": {name: {}}})
    assert WebService.model_validate({**document, "inputs": {name: {"place": "query"}}}).body_format == "xml"
    assert WebService.model_validate({**document, "body_format": "form", "inputs": {name: {}}}).body_format == "form"


@pytest.mark.parametrize("root", ["", "a/b", "@a", "1", "a b", "a\n"])
def test_the_root_of_a_body_in_xml_is_one_element(root: str) -> None:
    with pytest.raises(ValidationError):
        WebService(id="s", reference="s", url="https://x", body_root=root)
