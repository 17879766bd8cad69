"""One message of a transcript."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: what it says, and what comes back when it is pressed."""

    id: str
    text: str

    @classmethod
    def all_of(cls, choices: Iterable[Mapping[str, str]]) -> "tuple[Choice, ...]":
        """Read them from a command or a transcript."""
        return tuple(cls(choice["id"], choice["text"]) for choice in choices)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the customer, the flow or an agent said; `name` is the agent's."""

    sender: Literal["customer", "flow", "agent"]
    text: str
    choices: tuple[Choice, ...] = ()
    name: str | None = None

    def to_json(self) -> str:
        """Write it as the gateway shows it, in one line."""
        choices = [{"id": choice.id, "text": choice.text} for choice in self.choices]
        name = {} if self.name is None else {"name": self.name}
        return json.dumps({"from": self.sender, **name, "text": self.text, "choices": choices}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Entry":
        """Read what `to_json` wrote."""
        document = json.loads(text)
        return cls(document["from"], document["text"], Choice.all_of(document["choices"]), document.get("name"))
