"""A flow as the engine walks it: one version, read and checked, its templates compiled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from processor.engine.action import Action

START = "start"
END = "end"


@dataclass(frozen=True, slots=True)
class Flow:
    """One immutable version of a flow."""

    reference: str
    name: str
    version: int
    """Production number from 1; 0 while in development."""

    type: Literal["start", "end_of_interaction"]
    timezone: ZoneInfo
    locale: str
    country: str
    """Default region of phone numbers, ISO 3166-1 alpha-2."""

    variables: Mapping[str, Mapping[str, str]]
    """variable → field → declared type."""

    actions: Mapping[str, Action]
    content_hash: str = field(default="", compare=False)

    def declared(self, variable: str, field_name: str) -> str:
        """Return the declared type of a field; text where nothing is declared."""
        fields = self.variables.get(variable)
        return fields.get(field_name, "text") if fields is not None else "text"
