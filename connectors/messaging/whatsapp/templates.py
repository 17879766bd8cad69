"""Approved templates: whether one fits a message with choices (§ 2.3: its buttons are exactly those of the message)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.messaging.entry import Choice
from connectors.messaging.whatsapp.api_errors import TemplateMismatch
from connectors.messaging.whatsapp.payloads import Payload, template

_PARAMETER: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_LONGEST_PARAMETER: Final = 1_024
_SPACES: Final = re.compile(r"\s+")


def fitting(name: str, found: Sequence[Mapping[str, Any]], text: str, choices: Sequence[Choice]) -> Payload:
    """Return the message made of the first approved template of a name whose quick-reply buttons are the choices, in their order.

    A template's body takes the message's text where it has one parameter, and says it by itself where it has none. Line breaks in the
    text become spaces there, because a parameter may have none.

    Raises TemplateMismatch.
    """
    for candidate in found:
        components = candidate.get("components")
        if candidate.get("name") != name or candidate.get("status") != "APPROVED" or not isinstance(components, list):
            continue
        parts = {str(part.get("type")).upper(): part for part in components if isinstance(part, dict)}
        buttons = parts.get("BUTTONS", {}).get("buttons")
        shown = (
            [(button.get("type"), button.get("text")) for button in buttons if isinstance(button, dict)]
            if isinstance(buttons, list)
            else []
        )
        if shown != [("QUICK_REPLY", choice.text) for choice in choices] or _parameters(parts.get("HEADER", {})):
            continue
        wanted = _parameters(parts.get("BODY", {}))
        if len(wanted) > 1 or parts.get("HEADER", {}).get("format", "TEXT") != "TEXT":
            continue
        return template(name, str(candidate.get("language")), [_parameter(given, text) for given in wanted], choices)
    raise TemplateMismatch(f"no approved template {name} has these buttons, and at most one parameter")


def _parameters(part: Mapping[str, Any]) -> list[str]:
    return _PARAMETER.findall(str(part.get("text", "")))


def _parameter(name: str, text: str) -> Mapping[str, str]:
    value = _SPACES.sub(" ", text).strip()
    if not value or len(value) > _LONGEST_PARAMETER:
        raise TemplateMismatch(f"a parameter takes 1 to {_LONGEST_PARAMETER} characters")
    named = {} if name.isdigit() else {"parameter_name": name}
    return {"type": "text", **named, "text": value}
