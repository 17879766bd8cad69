"""What a rule of the linter is."""

from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct

from processor.engine.definitions import Definitions
from processor.engine.entities import Entity
from processor.flow.finding import Finding
from processor.flow.rules.facts import Facts

Spot = tuple[str, str]
"""Where, and what is wrong there."""

FlowRule = Callable[[Facts], Iterable[Spot]]
EntityRule = Callable[[Entity, Definitions], Iterable[Spot]]


class Rule(Struct, frozen=True):
    """One thing that the linter knows to be wrong, or looks upon with doubt."""

    code: str
    severity: Literal["fault", "warning"]
    """A fault blocks publishing, a warning does not."""

    summary: str
    """A sentence: what is wrong."""

    mend: str
    """A sentence in the imperative: what to do about it."""

    flow: FlowRule | None = None
    """Finds it in a flow."""

    entity: EntityRule | None = None
    """Finds it in an entity. A rule that finds in neither is told by others: the reader, or an action type."""

    def finding(self, spot: Spot) -> Finding:
        """Return what the rule has found, as it is told: in one line, so that the mend goes on where the message ends."""
        path, message = spot
        return Finding(self.code, self.severity, path, message, f"{self.mend[0].lower()}{self.mend[1:].removesuffix('.')}")


def flow_fault(code: str, summary: str, mend: str) -> Callable[[FlowRule], Rule]:
    """Make a function from a flow to its spots a rule whose findings block publishing."""
    return lambda find: Rule(code, "fault", summary, mend, flow=find)


def flow_warning(code: str, summary: str, mend: str) -> Callable[[FlowRule], Rule]:
    """Make a function from a flow to its spots a rule that warns."""
    return lambda find: Rule(code, "warning", summary, mend, flow=find)


def entity_fault(code: str, summary: str, mend: str) -> Callable[[EntityRule], Rule]:
    """Make a function from an entity to its spots a rule whose findings block publishing."""
    return lambda find: Rule(code, "fault", summary, mend, entity=find)


def entity_warning(code: str, summary: str, mend: str) -> Callable[[EntityRule], Rule]:
    """Make a function from an entity to its spots a rule that warns."""
    return lambda find: Rule(code, "warning", summary, mend, entity=find)
