"""Commands to the contacts connector (§ 6.9)."""

from processor.engine.commands.command import CommandBody


class CountContacts(CommandBody, frozen=True):
    """Count the customer's contacts in a window of time, the current one apart."""

    family = "contacts"
    since: int
    until: int
