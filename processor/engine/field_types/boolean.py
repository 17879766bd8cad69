"""Truth values: `true` or `false`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from processor.engine.flow import Flow


def parse(value: str, flow: "Flow") -> str:  # noqa: ARG001 - every type's parse takes the flow
    """Return `true` or `false`; upper and lower case, and 1 and 0, are read too."""
    match value.strip().lower():
        case "true" | "1":
            return "true"
        case "false" | "0":
            return "false"
        case other:
            raise ValueError(f"a truth value, found {other[:40]!r}")
