"""Messages as the Cloud API takes them, without their addressee."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.messaging.entry import Choice

LONGEST_TEXT: Final = 4_096
LONGEST_BUTTON_BODY: Final = 1_024
LONGEST_LIST_BODY: Final = 4_096

Payload = Mapping[str, Any]


def text(body: str) -> Payload:
    """A text; links in it are not previewed, because a preview fetches what a customer's words may have put there."""
    return {"type": "text", "text": {"preview_url": False, "body": body}}


def buttons(body: str, choices: Sequence[Choice]) -> Payload:
    """A text with up to three reply buttons (documentation, interactive-reply-buttons-messages)."""
    shown = [{"type": "reply", "reply": {"id": choice.id, "title": choice.text}} for choice in choices]
    return {"type": "interactive", "interactive": {"type": "button", "body": {"text": body}, "action": {"buttons": shown}}}


def choice_list(body: str, choices: Sequence[Choice], button: str) -> Payload:
    """A text with a list of up to ten rows behind a button (documentation, interactive-list-messages)."""
    rows = [{"id": choice.id, "title": choice.text} for choice in choices]
    action = {"button": button, "sections": [{"rows": rows}]}
    return {"type": "interactive", "interactive": {"type": "list", "body": {"text": body}, "action": action}}


def template(name: str, language: str, body: Sequence[Mapping[str, str]], choices: Sequence[Choice]) -> Payload:
    """An approved template with quick-reply buttons, whose payloads are the choices' ids (documentation, templates/components)."""
    components: list[dict[str, Any]] = [{"type": "body", "parameters": list(body)}] if body else []
    components += [
        {"type": "button", "sub_type": "quick_reply", "index": str(index), "parameters": [{"type": "payload", "payload": choice.id}]}
        for index, choice in enumerate(choices)
    ]
    return {"type": "template", "template": {"name": name, "language": {"code": language}, "components": components}}
