"""Images: the https address where one can be fetched."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from processor.engine.flow import Flow


def parse(value: str, flow: "Flow") -> str:
    """Return the address. That it holds an image is the messaging connector's to find out."""
    address = value.strip()
    if len(address) > 2048 or any(character.isspace() or not character.isprintable() for character in address):
        raise ValueError("an https address without spaces, of at most 2048 characters")
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError as error:
        raise ValueError(f"an https address, found a fault in it: {error}") from error
    if parts.scheme.lower() != "https" or not host:
        raise ValueError(f"an https address, found scheme {parts.scheme[:20]!r}")
    return address
