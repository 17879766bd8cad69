"""How a message with choices looks on a channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from connectors.messaging.entry import Choice


@dataclass(frozen=True, slots=True)
class Rendering:
    """Buttons, a list, or numbers in the text, which then holds the choices."""

    kind: Literal["buttons", "list", "numbered"]
    text: str
    choices: tuple[Choice, ...]


def render(text: str, choices: Sequence[Choice], limits: Mapping[str, int]) -> Rendering:
    """Render as buttons where all of them fit the channel, else as a list, else as numbered text; nothing is ever cut."""
    longest = max((len(choice.text) for choice in choices), default=0)
    if len(choices) <= limits["buttons"] and longest <= limits["button_length"]:
        return Rendering("buttons", text, tuple(choices))
    if len(choices) <= limits["list_items"] and longest <= limits["list_item_length"]:
        return Rendering("list", text, tuple(choices))
    numbered = "\n".join(f"{number}. {choice.text}" for number, choice in enumerate(choices, start=1))
    return Rendering("numbered", f"{text}\n{numbered}", ())
