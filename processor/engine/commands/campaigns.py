"""Commands to the campaigns connector (§ 9)."""

from processor.engine.commands.command import CommandBody
from processor.engine.commands.field_value import FieldValue


class InsertTarget(CommandBody, frozen=True):
    """Insert a target into an outbound campaign."""

    family = "campaigns"
    medium: str
    """whatsapp, voice or sms."""

    campaign: str
    """Reference of the campaign, unique among those of its medium."""

    phone_number: str
    """E.164."""

    insert_if_duplicate: bool
    start_date: str
    """ISO 8601 with offset."""

    priority: int
    layout: str | None
    """Reference of the layout that the fields follow."""

    fields: tuple[FieldValue, ...]
