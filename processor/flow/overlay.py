"""What lies over a drawing: how often each branch was taken, by an author's tests or by customers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from processor.engine.errors import DocumentRefused, Fault
from processor.engine.flow import START

if TYPE_CHECKING:
    from processor.engine.flow import Flow

_THOUSANDS: Final = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))
_COUNTS: Final = "a whole number of 0 or more by `action/branch`"


@dataclass(frozen=True, slots=True)
class Overlay:
    """How often the branches of one flow were taken, and what is to be seen of it."""

    kind: Literal["coverage", "counts"]
    """`coverage`: what was never taken stands out. `counts`: what was taken most does."""

    taken: Mapping[tuple[str, str], int]
    """(action, branch) → how often."""

    def count(self, action: str, branch: str) -> int:
        """Return how often a branch was taken."""
        return self.taken.get((action, branch), 0)

    def note(self, action: str, branch: str) -> str:
        """Return what a branch's label says beside its name."""
        count = self.count(action, branch)
        if self.kind == "coverage":
            return f"{_short(count)}×" if count else "never"
        total = sum(number for (source, _), number in self.taken.items() if source == action)
        return f"{_short(count)} · {_share(count, total)}" if count else "0"

    def reaches(self, flow: Flow, action: str) -> bool:
        """Tell whether an action was come to: Start was, another one where a branch that leads to it was taken, or one of its own."""
        return action == START or any(
            count and (source == action or (source in flow.actions and flow.actions[source].links.get(branch) == action))
            for (source, branch), count in self.taken.items()
        )

    def unknown(self, flow: Flow) -> list[str]:
        """Return what was counted and is no branch of the flow, as `action/branch`: the counts are another version's."""
        return [
            f"{action}/{branch}"
            for action, branch in self.taken
            if action not in flow.actions or branch not in flow.actions[action].branches
        ]


def counts(found: Mapping[str, int]) -> Overlay:
    """Return the overlay of live branch counts, `action/branch` → how often."""
    return Overlay("counts", _by_branch(found))


def coverage(source: bytes, reference: str) -> Overlay:
    """Return the overlay of what `flow test --coverage-json` wrote, `{flow reference: {"action/branch": how often}}`.

    Raises DocumentRefused where that is not what was found, or the flow is not in it.
    """
    try:
        data = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise DocumentRefused([Fault("", "coverage as JSON", f"something else: {error}")]) from None
    if not isinstance(data, dict):
        raise DocumentRefused([Fault("", "an object with each flow's branches by the flow's reference", _told(data))])
    if reference not in data:
        found = ", ".join(map(repr, data)) or "none"
        raise DocumentRefused([Fault("", f"the branches of flow {reference!r}", f"those of {found}")])
    branches = data[reference]
    if not isinstance(branches, dict):
        raise DocumentRefused([Fault(reference, _COUNTS, _told(branches))])
    wrong = [
        Fault(f"{reference}.{name}", _COUNTS, _told(count))
        for name, count in branches.items()
        if "/" not in name or not isinstance(count, int) or isinstance(count, bool) or count < 0
    ]
    if wrong:
        raise DocumentRefused(wrong)
    return Overlay("coverage", _by_branch(branches))


def _by_branch(found: Mapping[str, int]) -> dict[tuple[str, str], int]:
    return {(action, branch): count for name, count in found.items() for action, _, branch in [name.rpartition("/")]}


def _told(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False)[:80]


def _short(count: int) -> str:
    """Return a count in at most four figures: 950, 1.2k, 38k."""
    for size, sign in _THOUSANDS:
        if count >= size:
            number = count / size
            return f"{number:.1f}{sign}" if number < 9.95 else f"{number:.0f}{sign}"
    return str(count)


def _share(count: int, total: int) -> str:
    """Return a share in per cent; no branch that was taken has none, and only all are 100."""
    percent = 100 * count / total
    if percent < 1:
        return "<1%"
    return f"{percent:.0f}%" if percent == 100 or percent < 99.5 else ">99%"
