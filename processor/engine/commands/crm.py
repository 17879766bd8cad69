"""Commands to the CRM connector (§ 5.5–5.8)."""

from typing import Literal

from processor.engine.commands.command import CommandBody
from processor.engine.commands.field_value import FieldValue

Combination = Literal["all", "any"]
"""Whether a card has to meet all of the assertions, or one."""


class CrmCommand(CommandBody, frozen=True):
    """What commands about the cards of a directory have."""

    family = "crm"
    crm: str
    """Reference of the directory."""

    @property
    def place(self) -> dict[str, str]:
        """Where the card is, as the variable `crm` tells it."""
        return {"crm": self.crm}


class CrmV2Command(CrmCommand, frozen=True):
    """What commands about the cards of an object have."""

    object: str

    @property
    def place(self) -> dict[str, str]:
        """Where the card is, as the variable `crm` tells it."""
        return {"crm": self.crm, "object": self.object}


class FindCard(CrmCommand, frozen=True):
    """Search for a card; where there is one, note that the interaction belongs to it."""

    combination: Combination
    assertions: tuple[FieldValue, ...]
    create_if_not_found: bool


class CreateCard(CrmCommand, frozen=True):
    """Create a card."""

    fields: tuple[FieldValue, ...]
    associate: bool


class FindCardByScenario(CrmV2Command, frozen=True):
    """Search for a card by a scenario of the CRM; where there is one, note that the interaction belongs to it."""

    scenario: str
    combination: Combination
    assertions: tuple[FieldValue, ...]


class CreateCardV2(CrmV2Command, frozen=True):
    """Create a card of an object."""

    fields: tuple[FieldValue, ...]
    associate: bool
