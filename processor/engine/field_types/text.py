"""Text as it is."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from processor.engine.flow import Flow


def parse(value: str, flow: "Flow") -> str:
    """Return the text."""
    return value
