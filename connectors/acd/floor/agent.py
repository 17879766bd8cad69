"""Agents as the definitions have them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Agent:
    """A user of the definitions (§ 4.3)."""

    reference: str
    name: str
    active: bool = True
    skills: tuple[str, ...] = ()
    capacity: int = 1
    """Conversations that the agent can have at once."""
    queues: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Agent":
        """Read it from a published document of kind `user`."""
        return cls(
            document["reference"],
            document.get("name") or document["reference"],
            document.get("active", True),
            tuple(document.get("skills", ())),
            document.get("capacity", 1),
            tuple(dict.fromkeys(document.get("queues", ()))),
        )

    def to_document(self) -> dict[str, Any]:
        """Return it as the floor's scripts read it; lists are kept as their JSON."""
        return {
            "reference": self.reference,
            "name": self.name,
            "active": self.active,
            "skills": json.dumps(self.skills, ensure_ascii=False),
            "capacity": self.capacity,
            "queues": json.dumps(self.queues, ensure_ascii=False),
        }
