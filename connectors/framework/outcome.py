"""What became of a command."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from connectors.framework.errors import CommandFailed

OK = "ok"
UNKNOWN = "unknown"
"""A connector died, or lost its claim, while it executed a command that must not be executed twice: nobody can tell whether it was done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A response without its addressee; the command's schema lists the outcomes, reasons and names of values."""

    outcome: str
    reason: str | None = None
    detail: str | None = None
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def ok(cls, **values: str) -> "Outcome":
        """The command is done."""
        return cls(OK, values=MappingProxyType(values))

    @classmethod
    def failed(cls, failure: str, error: CommandFailed) -> "Outcome":
        """The command is not done; `failure` is the outcome for it, unless the error brings its own."""
        return cls(error.outcome if error.outcome is not None else failure, error.reason, error.detail)
