"""Which branches of flows conversations took, and which none did."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from processor.engine.flow import Flow
from processor.runtime.simulator.trial import Counts

Branch = tuple[str, str]
"""Action and branch."""


@dataclass(frozen=True, slots=True)
class FlowCoverage:
    """The branches of one flow."""

    flow: str
    counted: tuple[Branch, ...]
    """Those that can be taken as the flow's actions are configured, and are not exempt."""

    exempt: tuple[Branch, ...]
    taken: Mapping[Branch, int]
    """How often each was taken."""

    @property
    def missed(self) -> list[Branch]:
        """Those that no conversation took."""
        return [branch for branch in self.counted if not self.taken.get(branch)]

    @property
    def taken_all_the_same(self) -> list[Branch]:
        """Those that are exempt because no conversation could take them, and one did."""
        return [branch for branch in self.exempt if self.taken.get(branch)]

    @property
    def percent(self) -> float:
        """Share of the branches that were taken; 100 where there are none."""
        return 100 * (1 - len(self.missed) / len(self.counted)) if self.counted else 100.0


def coverage(flows: Iterable[Flow], counts: Iterable[Counts], exempt: Iterable[tuple[str, str, str]]) -> list[FlowCoverage]:
    """Return the coverage of each flow, one that comes twice once; `exempt` holds flow, action and branch."""
    taken: dict[str, Counter[Branch]] = {}
    for some in counts:
        for (flow, action, branch), count in some.items():
            taken.setdefault(flow, Counter())[action, branch] += count
    spared = set(exempt)
    return [_of(flow, taken.get(reference, Counter()), spared) for reference, flow in {flow.reference: flow for flow in flows}.items()]


def as_data(coverages: Iterable[FlowCoverage]) -> dict[str, dict[str, int]]:
    """Return how often each branch was taken, 0 for one that none took: flow → `action/branch` → count."""
    return {
        found.flow: {
            f"{action}/{branch}": found.taken.get((action, branch), 0) for action, branch in dict.fromkeys((*found.counted, *found.taken))
        }
        for found in coverages
    }


def _of(flow: Flow, taken: Counter[Branch], spared: set[tuple[str, str, str]]) -> FlowCoverage:
    usable = [(identity, branch) for identity, action in flow.actions.items() for branch in action.used_branches()]
    exempt = tuple((action, branch) for reference, action, branch in sorted(spared) if reference == flow.reference)
    return FlowCoverage(flow.reference, tuple(branch for branch in usable if branch not in exempt), exempt, dict(taken))
