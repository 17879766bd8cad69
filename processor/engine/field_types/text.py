"""Text as it is."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from processor.engine.flow import Flow


def parse(value: str, flow: "Flow") -> str:  # noqa: ARG001 - every type's parse takes the flow
    """Return the text."""
    return value
