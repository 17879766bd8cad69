"""What each channel can render and carry, by the channels' own published limits."""

from collections.abc import Iterable, Mapping
from typing import Final

from processor.engine.commands import ChannelLimits
from processor.engine.events import Media

LIMITS: Final[Mapping[str, ChannelLimits]] = {
    "web_chat": ChannelLimits(buttons=10, button_length=200, list_items=10, list_item_length=200),
    # WhatsApp Cloud API, interactive messages: 3 reply buttons of 20 characters, lists of 10 rows with titles of 24.
    "whatsapp": ChannelLimits(buttons=3, button_length=20, list_items=10, list_item_length=24),
    "sms": ChannelLimits(buttons=0, button_length=0, list_items=0, list_item_length=0),
}

IMAGES: Final[Mapping[str, frozenset[str]]] = {
    "web_chat": frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"}),
    # WhatsApp Cloud API, supported media types.
    "whatsapp": frozenset({"image/jpeg", "image/png", "image/webp"}),
    "sms": frozenset(),
}

_NOTHING: Final = ChannelLimits(buttons=0, button_length=0, list_items=0, list_item_length=0)


def limits_of(channel: str) -> ChannelLimits:
    """Return what a channel can render; one that we do not know renders text."""
    return LIMITS.get(channel, _NOTHING)


def allowed_image(channel: str, media: Iterable[Media]) -> str | None:
    """Return the address of the first file that is an image of a MIME type that the channel allows."""
    allowed = IMAGES.get(channel, frozenset())
    return next((item.url for item in media if item.mime_type.partition(";")[0].strip().lower() in allowed), None)
