"""One line of the journal: what one application of one action did."""

from msgspec import Struct

from processor.engine.commands import Command
from processor.engine.outcome import Write


class Step(Struct, frozen=True):
    """One application of one action."""

    step: int
    flow: str
    flow_version: int
    action: str
    type: str
    branch: str | None = None
    reason: str | None = None
    wait_id: str | None = None
    deadline: int | None = None
    next: str | None = None
    """Action that follows, or `end`; None while it waits, hands over, or the branch is not linked."""

    handed_over_to: str | None = None
    commands: tuple[Command, ...] = ()
    writes: tuple[Write, ...] = ()
    warnings: tuple[str, ...] = ()
