"""Images: the https address where one can be fetched."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from processor.engine.flow import Flow

MAX_CHARACTERS = 2048

_ADDRESS = re.compile(r"https://[^/?#@:\[\]]+(:[0-9]{1,5})?([/?#].*)?", re.IGNORECASE)
"""Scheme, host, perhaps a port, and what follows (RFC 3986); no user in front of the host, which could pass for another host."""


def parse(value: str, flow: "Flow") -> str:  # noqa: ARG001 - every type's parse takes the flow
    """Return the address. That it holds an image is the messaging connector's to find out."""
    address = value.strip()
    if len(address) > MAX_CHARACTERS or any(character.isspace() or not character.isprintable() for character in address):
        raise ValueError(f"an https address without spaces, of at most {MAX_CHARACTERS} characters")
    if not _ADDRESS.fullmatch(address):
        raise ValueError(f"an https address, found {address[:40]!r}")
    return address
