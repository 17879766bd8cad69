"""What a connector's method knows of the command beside its body."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.framework.trace import Headers, continued


@dataclass(frozen=True, slots=True)
class Context:
    """A command's envelope; times are epoch milliseconds."""

    command_id: str
    conversation_id: str
    deadline: int | None
    envelope: Mapping[str, Any]
    """The whole command, as its family's schema has it; such as `address` of the messaging family."""
    headers: Headers = ()
    """The trace context for what follows from the command (W3C `traceparent`, `tracestate`): its response, calls to services."""

    def seconds_left(self, margin: float = 0.0) -> float | None:
        """Return how many seconds there are to the deadline, less a margin, at least a tenth; None where there is no deadline."""
        return None if self.deadline is None else max(self.deadline / 1000 - time.time() - margin, 0.1)

    @classmethod
    def of(cls, command: Mapping[str, Any], headers: Headers = ()) -> "Context":
        """Read it from a decoded command; of the headers only the trace context is kept, with a span of the command's own."""
        return cls(command["command_id"], command["conversation_id"], command["deadline"], command, continued(headers) if headers else ())
