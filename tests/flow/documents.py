"""Documents for tests, and how their faults are shown."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from processor.actions import action_types
from processor.engine.errors import DocumentRefused
from processor.engine.flow import Flow
from processor.flow.reader import read

VARIABLES: dict[str, dict[str, str]] = {"order": {"number": "number", "status": "text"}, "contact": {"email": "email"}}

END: dict[str, Any] = {"type": "node", "links": {"ok": "end"}}
QUESTION: dict[str, Any] = {
    "type": "message_awaiting_response",
    "message": "One question",
    "maximum_response_wait_time_sec": 60,
    "maximum_number_of_response_attempts": 3,
    "default_error_message": "Digits, please",
    "questions": [{"question_content": "Number?", "variable_type": "number", "variable": "order", "field": "number"}],
    "links": {"ok": "end", "error": "end", "maximum_attempts_reached": "end", "response_time_exceeded": "end"},
}
WEB_SERVICE: dict[str, Any] = {
    "kind": "web_service",
    "id": "ws-1",
    "reference": "order_status",
    "url": "https://orders.example.com/{number}",
    "inputs": {"number": {"type": "text", "place": "path"}},
    "outputs": {"status": {"path": "$.status"}},
}
ENTRY_POINT: dict[str, Any] = {
    "kind": "entry_point",
    "id": "web",
    "reference": "web",
    "channel": "web_chat",
    "account": "demo",
    "flow": "support",
}


def document(actions: Mapping[str, Any] | None = None, /, **more: Any) -> dict[str, Any]:
    """Return a flow document whose Start leads to the first of the given actions, unless they have a Start of their own."""
    given = dict(actions or {"only": END})
    start = {"type": "start", "links": {"ok": next(iter(given))}}
    header = {"ref": "support", "name": "Support", "timezone": "Europe/Paris", "locale": "fr", "country": "FR", "variables": VARIABLES}
    return {**header, "actions": {"start": start, **given}, **more}


def flow(actions: Mapping[str, Any] | None = None, /, **more: Any) -> Flow:
    return read(document(actions, **more), action_types())


def faults_of(attempt: Callable[[], object]) -> list[str]:
    """Return the faults with which an attempt is refused, as they are told."""
    with pytest.raises(DocumentRefused) as refused:
        attempt()
    return [str(fault) for fault in refused.value.faults]
