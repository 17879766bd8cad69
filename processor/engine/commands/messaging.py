"""Commands to the messaging connector (§ 2)."""

from msgspec import Struct

from processor.engine.commands.command import CommandBody


class ChannelLimits(Struct, frozen=True):
    """What a channel can render."""

    buttons: int
    button_length: int
    list_items: int
    list_item_length: int


class Choice(Struct, frozen=True):
    """One choice of a message."""

    id: str
    text: str


class SendMessage(CommandBody, frozen=True):
    """Send one text message to the customer."""

    family = "messaging"
    text: str
    agent: str | None = None
    """Who of the staff wrote it; None where the flow says it."""


class SendChoices(CommandBody, frozen=True):
    """Send a message with choices to the customer."""

    family = "messaging"
    text: str
    choices: tuple[Choice, ...]
    limits: ChannelLimits
    template: str | None = None


class CheckImage(CommandBody, frozen=True):
    """Find out whether an address holds an image that the channel allows."""

    family = "messaging"
    url: str
