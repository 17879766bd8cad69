"""Who does something to a case."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self


@dataclass(frozen=True, slots=True)
class Actor:
    """A flow, or somebody of the staff, at a time in epoch milliseconds."""

    who: Literal["flow", "staff"]
    name: str
    at: int

    @classmethod
    def flow(cls, envelope: Mapping[str, Any]) -> Self:
        """The flow that sent a command; the time is the log's, so that a case is as old as what the customer wrote."""
        return cls("flow", f"{envelope['flow']} {envelope['flow_version']}", envelope["issued_at"])

    @classmethod
    def staff(cls, name: str) -> Self:
        """Somebody of the staff, now."""
        return cls("staff", name, time.time_ns() // 1_000_000)
