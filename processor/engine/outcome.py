"""What an action decides when it is applied: one of three, never an exception."""

from typing import Literal

from msgspec import Struct

from processor.engine.commands import CommandBody
from processor.engine.interaction import Checkpoint


class Write(Struct, frozen=True):
    """A field of a variable gets a value in canonical text; empty text clears it."""

    variable: str
    field: str
    value: str


class Taken(Struct, frozen=True):
    """A branch is taken."""

    branch: str
    reason: str | None = None
    """Reason code; a failure branch without one carries its own name."""

    commands: tuple[CommandBody, ...] = ()
    writes: tuple[Write, ...] = ()
    counter: int | None = None
    """New value of the action's own counter."""

    checkpoint: Checkpoint | None = None
    survey: str | None = None
    """Reference of the survey that is attached from now on (§ 10.1)."""


class Awaiting(Struct, frozen=True):
    """The action waits, or goes on waiting; each wait is a new one, unless `same_wait` says otherwise."""

    awaits: Literal["message", "response", "time", "agent"]
    deadline: int | None
    """Log time, epoch ms."""

    commands: tuple[CommandBody, ...] = ()
    writes: tuple[Write, ...] = ()
    memo: dict[str, int | str] = {}
    same_wait: bool = False
    """Whether the wait under way goes on, with its id and its commands: their answers still belong to it."""

    heeds_refusals: bool = False
    """Where the wait goes on: whether the action is told when one of these commands fails, too."""


class HandedOver(Struct, frozen=True):
    """Another flow's production version takes over at its Start."""

    flow: str
    version: int


Outcome = Taken | Awaiting | HandedOver
