"""What a connector's method knows of the command beside its body."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Context:
    """A command's envelope; times are epoch milliseconds."""

    command_id: str
    conversation_id: str
    deadline: int | None
    envelope: Mapping[str, Any]
    """The whole command, as its family's schema has it; such as `address` of the messaging family."""
    headers: tuple[tuple[str, bytes], ...] = ()
    """The trace context that the command came with (W3C `traceparent`, `tracestate`)."""

    @classmethod
    def of(cls, command: Mapping[str, Any], headers: tuple[tuple[str, bytes], ...] = ()) -> "Context":
        """Read it from a decoded command; only the trace context is kept of the headers."""
        trace = tuple((name, value) for name, value in headers if name in {"traceparent", "tracestate"})
        return cls(command["command_id"], command["conversation_id"], command["deadline"], command, trace)
