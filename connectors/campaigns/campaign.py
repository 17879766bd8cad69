"""Campaigns and layouts, as their definitions have them, and what they let in (§ 9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.campaigns.layout import KIND, Layout
from connectors.campaigns.medium import CONTACTS
from connectors.framework.definitions import Definitions
from connectors.framework.errors import Refused
from connectors.framework.field_values import check, comparable

MEDIA: Final = tuple(CONTACTS)
_NOT_FOUND: Final = "reference_not_found"


def kind_of(medium: str) -> str:
    """Return the kind of definition that campaigns of a medium have."""
    return f"{medium}_campaign"


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign in service."""

    medium: str
    reference: str
    name: str
    lowest_priority: int
    highest_priority: int

    @classmethod
    def of(cls, medium: str, document: Mapping[str, Any]) -> "Campaign":
        """Read it from its definition; what the document leaves out is as definitions have it by default."""
        return cls(
            medium,
            document["reference"],
            document.get("name", ""),
            document.get("lowest_priority", 1),
            document.get("highest_priority", 10),
        )

    def priority(self, wanted: int) -> int:
        """Return a priority. Raises Refused with reason `out_of_range`."""
        if not self.lowest_priority <= wanted <= self.highest_priority:
            raise Refused("out_of_range", f"Expected a priority from {self.lowest_priority} to {self.highest_priority}, found {wanted}.")
        return wanted


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an insertion names, looked up: None where it is not in service."""

    campaign: Campaign | None
    layout: Layout | None

    @classmethod
    async def find(cls, definitions: Definitions, medium: str, campaign: str, layout: str | None) -> "Wanted":
        """Look up campaign and layout. Raises Retry where Kafka does not tell."""
        document = await definitions.find(kind_of(medium), campaign) if medium in MEDIA else None
        if layout is None or document is None:
            return cls(None if document is None else Campaign.of(medium, document), Layout.none())
        fields = await definitions.find(KIND, layout)
        return cls(Campaign.of(medium, document), None if fields is None else Layout.of(fields))

    def present(self) -> tuple[Campaign, Layout]:
        """Return both. Raises Refused with outcome `reference_not_found`."""
        if self.campaign is None:
            raise Refused(_NOT_FOUND, "There is no such campaign.", outcome=_NOT_FOUND)
        if self.layout is None:
            raise Refused("layout_not_found", "There is no such layout.", outcome=_NOT_FOUND)
        return self.campaign, self.layout


def start_of(start_date: str) -> tuple[str, int]:
    """Return a start date in canonical text, and as epoch ms. Raises Refused with reason `wrong_type`."""
    text = check("date_and_time", start_date, field="start_date")
    if not text:
        raise Refused("wrong_type", "Field start_date: expected a time such as 2026-03-01T14:30:00+01:00, found nothing.")
    return text, int(comparable("date_and_time", text).timestamp()) * 1000
