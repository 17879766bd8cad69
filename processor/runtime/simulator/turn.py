"""What one happening of a simulated conversation led to."""

from dataclasses import dataclass
from typing import Any

import msgspec

from processor.engine.advance import Advance
from processor.engine.commands import Choice, Command, SendChoices, SendMessage
from processor.engine.interaction import Variables
from processor.engine.step import Step

MESSAGES = (SendMessage, SendChoices)
"""Commands that send something to the customer; the channel is taken to have done so."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The events that were applied, in order, and the state that they left."""

    said: str
    """What happened, in words: `customer: Hello`."""

    at: int
    """Log time when it happened, epoch ms."""

    advances: tuple[Advance, ...]
    before: Variables
    """The variables before it."""

    variables: Variables
    """The variables of the interaction afterwards; of the one that ended, where none is live."""

    @property
    def steps(self) -> list[Step]:
        """The steps taken."""
        return [step for advance in self.advances for step in advance.steps]

    @property
    def commands(self) -> list[Command]:
        """The commands issued."""
        return [command for advance in self.advances for command in advance.commands]

    @property
    def messages(self) -> list[str]:
        """The texts that the customer was sent."""
        return [command.body.text for command in self.commands if isinstance(command.body, MESSAGES)]

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The choices offered last."""
        offered = [command.body.choices for command in self.commands if isinstance(command.body, SendChoices)]
        return offered[-1] if offered else ()

    @property
    def path(self) -> list[Step]:
        """The actions passed: the last step of each, where one waited and then went on."""
        passed: list[Step] = []
        for step in self.steps:
            # An action that waited for something goes on with it; one that took a branch and is applied again is passed again.
            if passed and passed[-1].branch is None and (passed[-1].flow, passed[-1].action) == (step.flow, step.action):
                passed.pop()
            passed.append(step)
        return passed

    @property
    def taken(self) -> list[Step]:
        """The steps that took a branch."""
        return [step for step in self.steps if step.branch is not None]

    @property
    def warnings(self) -> list[str]:
        """The journal's warnings."""
        return [warning for step in self.steps for warning in step.warnings]

    @property
    def ending(self) -> str | None:
        """Reason with which an interaction ended, the last one; None where it goes on."""
        return next((advance.ended for advance in reversed(self.advances) if advance.ended is not None), None)


def together(turns: list[Turn]) -> Turn:
    """Return several turns as one."""
    advances = tuple(advance for turn in turns for advance in turn.advances)
    return Turn("all turns", turns[0].at, advances, turns[0].before, turns[-1].variables)


def name_of(command: Command) -> str:
    """Return a command's name, as schemas and scripts have it."""
    return type(command.body).__name__


def fields_of(command: Command) -> dict[str, Any]:
    """Return a command's fields as plain values."""
    plain: dict[str, Any] = msgspec.to_builtins(command.body)
    return plain
