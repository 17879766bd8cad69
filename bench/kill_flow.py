"""What the kill test runs: a question, a web service, a pause and a message, so that every kind of wait is under way when a worker dies."""

from typing import Any

CHANNEL = "web_chat"
ACCOUNT = "kill-test"


def documents(order_service: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the documents to publish; the web service is called at an address with `{number}` in it."""
    flow = {
        "ref": "kill_test",
        "name": "Kill test",
        "timezone": "Europe/Paris",
        "locale": "en",
        "country": "FR",
        "variables": {"order": {"number": "number", "status": "text", "note": "text"}},
        "actions": {
            "start": {"type": "start", "links": {"ok": "ask"}},
            "ask": {
                "type": "message_awaiting_response",
                "message": "Hello",
                "maximum_response_wait_time_sec": 3600,
                "maximum_number_of_response_attempts": 3,
                "default_error_message": "Digits, please.",
                "questions": [
                    {"question_content": "Your order number?", "variable_type": "number", "variable": "order", "field": "number"}
                ],
                "links": {"ok": "note", "error": "end", "maximum_attempts_reached": "end", "response_time_exceeded": "end"},
            },
            "note": {
                "type": "assign_variables",
                "variables": [{"variable": "order", "field": "note", "new_value": "asked for {{ order.number }}"}],
                "links": {"ok": "look_up", "error": "end"},
            },
            "look_up": {
                "type": "web_service",
                "web_service": {"reference": "orders"},
                "request_settings": {"number": "{{ order.number }}"},
                "synchronous": True,
                "timeout": 600,
                "variables": [{"response_field": "status", "variable": "order", "field": "status"}],
                "links": {"ok": "breathe", "not_ok": "end"},
            },
            "breathe": {"type": "pause", "pause_time_sec": 1, "links": {"ok": "tell"}},
            "tell": {"type": "simple_message", "message": "{{ order.note }}: {{ order.status }}", "links": {"ok": "end"}},
        },
    }
    service = {
        "kind": "web_service",
        "id": "orders",
        "reference": "orders",
        "method": "GET",
        "url": order_service,
        "inputs": {"number": {"type": "number", "place": "path"}},
        "outputs": {"status": {"path": "$.status"}},
    }
    entry = {"kind": "entry_point", "id": "entry", "reference": "entry", "channel": CHANNEL, "account": ACCOUNT, "flow": "kill_test"}
    return [("kill_test", {"kind": "flow", **flow}), ("orders", service), ("entry", entry)]
