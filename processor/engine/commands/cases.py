"""Commands to the cases connector (§ 5.1–5.4)."""

from processor.engine.commands.command import CommandBody
from processor.engine.commands.field_value import FieldValue


class AssociateCase(CommandBody, frozen=True):
    """Note that the interaction belongs to a case: the one with the reference, or else the newest of the customer's last three."""

    family = "cases"
    reference: str | None


class DissociateCase(CommandBody, frozen=True):
    """Note that the interaction belongs to no case any more."""

    family = "cases"
    reference: str | None
    """The case that it belonged to, as far as the flow knows."""


class CreateCase(CommandBody, frozen=True):
    """Open a case, and note that the interaction belongs to it."""

    family = "cases"
    case_type: str
    """Reference of the case type."""

    title: str


class ModifyCase(CommandBody, frozen=True):
    """Change fields of a case; all of them or none."""

    family = "cases"
    reference: str
    fields: tuple[FieldValue, ...]
