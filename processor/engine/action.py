"""What an action type is: its parameters, its branches and what it does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from processor.engine.commands import CommandBody
    from processor.engine.definitions import Definitions
    from processor.engine.errors import Misfit
    from processor.engine.interaction import Wait
    from processor.engine.outcome import Outcome
    from processor.engine.visit import Visit

LINKS = tuple(f"link_{number}" for number in range(1, 11))

# What a branch's name says of it; all other branches are failures (semantics, "Rules for every wait").
SUCCESSES = frozenset(
    {"ok", "yes", "no", *LINKS, "processed", "open", "closed", "even", "uneven"}
    | {"less_than_or_equal", "greater", "payment_successful", "notification_sent"}
)


class Action(BaseModel, ABC):
    """One placed, configured step of a flow. A subclass is an action type: module, class and test data share its name."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, strict=True)

    type: ClassVar[str]
    section: ClassVar[str]
    """Section of the product's description."""

    branches: ClassVar[tuple[str, ...]]
    failure: ClassVar[str]
    """Branch taken when a template fails."""

    links: dict[str, str] = Field(default_factory=dict, description="Branch → id of the action that it leads to, or `end`.")

    @abstractmethod
    def apply(self, visit: Visit) -> Outcome:
        """Decide what follows from the visit's event."""

    def waits(self) -> bool:
        """Tell whether the action always waits before it takes a branch, so that a cycle through it is harmless."""
        return False

    def give_up(self, visit: Visit) -> tuple[CommandBody, ...]:
        """Return the commands that call back what the action asked for, where the routing ends while it waits."""
        return ()

    def cannot_resume(self, wait: Wait) -> str | None:
        """Say why the action cannot go on with a wait that another version of it began; None where it can."""
        return None

    def used_branches(self) -> tuple[str, ...]:
        """Return the branches that this placement can take; the linter warns where one is not linked."""
        return self.branches

    def misfits(self, definitions: Definitions) -> list[Misfit]:
        """Return what is wrong only beside the definitions that the action names, as far as they can be known before."""
        return []
