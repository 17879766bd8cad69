from processor.flow.mentions import mentions
from tests.flow.documents import QUESTION, flow


def test_templates_targets_and_references_are_found_wherever_they_are():
    call = {
        "type": "web_service",
        "web_service": {"reference": "{{ order.status }}"},
        "request_settings": {"a": "1", "b": "{{ order.number }}"},
        "synchronous": True,
        "variables": [{"response_field": "x", "variable": "order", "field": "status"}],
        "links": {"ok": "end"},
    }
    found = mentions(flow({"call": call}).actions["call"])
    assert [(path, template.source) for path, template in found.templates] == [
        ("web_service.reference", "{{ order.status }}"),
        ("request_settings.a", "1"),
        ("request_settings.b", "{{ order.number }}"),
    ]
    assert [(path, target.variable, target.field) for path, target in found.targets] == [("variables[0]", "order", "status")]
    assert [(path, reference.kind) for path, reference in found.references] == [("web_service", "web_service")]


def test_what_is_within_a_target_is_found_too():
    found = mentions(flow({"ask": QUESTION}).actions["ask"])
    assert [path for path, _ in found.templates] == ["message", "default_error_message", "questions[0].question_content"]
    assert [path for path, _ in found.targets] == ["questions[0]"]
