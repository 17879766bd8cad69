"""Whose fault it is.

    SmartRoutingError
    ├── DocumentRefused      the author's: faults with path, expected and found; nothing was published
    ├── EventRejected        the outside's: the event goes to the dead letters, the state stays as it was
    ├── TemplateFailed       a template met a bound or could not be rendered: the action takes its failure branch
    └── Unmigratable         an interaction cannot go on with another version of its flow: it keeps the one that it has

Anything else that the engine raises is ours: the runtime quarantines the interaction, and the partition goes on.
"""

from collections.abc import Sequence

from msgspec import Struct


class SmartRoutingError(Exception):
    """Root of the errors that are part of the engine's contract."""


class Fault(Struct, frozen=True, order=True):
    """One thing wrong in a document."""

    path: str
    """Where, as `actions.ask.questions[0].field`; empty for the whole document."""

    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.path or 'document'}: expected {self.expected}; found {self.found}"


class Misfit(Struct, frozen=True):
    """A parameter that does not fit what it names."""

    code: str
    """The linter's: `unknown_field`, `payment_mode` …"""

    path: str
    """Where, below the action."""

    expected: str
    found: str


class DocumentRefused(SmartRoutingError):
    """A document with faults, all of them."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class EventRejected(SmartRoutingError):
    """An event that cannot be applied; `reason` is the dead letter's reason code."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class TemplateFailed(SmartRoutingError):
    """A template that could not be rendered; `reason` is template_limit or template_error."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class Unmigratable(SmartRoutingError):
    """An interaction that cannot go on with another version of its flow; the message says why."""
