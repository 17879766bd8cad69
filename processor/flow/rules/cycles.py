"""Cycles without a wait."""

from collections.abc import Iterator, Mapping, Sequence

from processor.engine.limits import CHAIN_ACTIONS
from processor.flow.rules.facts import Facts
from processor.flow.rules.rule import Spot, flow_fault

Graph = Mapping[str, Sequence[str]]

_TOLD = 12


@flow_fault(
    "wait_free_cycle",
    "No action waits on the way round a cycle: the engine ends the interaction that goes round in it.",
    "Put an action that waits into it, such as a pause or a question, or lead it out.",
)
def wait_free_cycle(facts: Facts) -> Iterator[Spot]:
    """Look for cycles in which no action waits."""
    hasty = [identity for identity, action in facts.flow.actions.items() if not action.waits()]
    among = set(hasty)
    graph = {identity: [target for target in facts.graph[identity] if target in among] for identity in hasty}
    for component in _components(graph):
        cycle = _cycle(graph, component)
        way = _told(cycle)
        yield f"actions.{cycle[0]}", f"no action waits on the way {way}, which would end the interaction after {CHAIN_ACTIONS} actions"


def _components(graph: Graph) -> list[list[str]]:
    """Return the strongly connected components that hold a cycle (Tarjan's algorithm without recursion), in the order of the flow."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    on_path: set[str] = set()
    found = []
    for root in graph:
        ahead = [(root, iter(graph[root]))] if root not in order else []
        while ahead:
            here, targets = ahead[-1]
            if here not in order:
                order[here] = low[here] = len(order)
                path.append(here)
                on_path.add(here)
            for target in targets:
                if target not in order:
                    ahead.append((target, iter(graph[target])))
                    break
                if target in on_path:
                    low[here] = min(low[here], order[target])
            else:
                ahead.pop()
                if ahead:
                    before = ahead[-1][0]
                    low[before] = min(low[before], low[here])
                if low[here] == order[here]:
                    component = [path.pop()]
                    while component[-1] != here:
                        component.append(path.pop())
                    on_path.difference_update(component)
                    if len(component) > 1 or here in graph[here]:
                        found.append(component)
    place = {identity: number for number, identity in enumerate(graph)}
    return sorted((sorted(component, key=place.__getitem__) for component in found), key=lambda component: place[component[0]])


def _cycle(graph: Graph, component: Sequence[str]) -> list[str]:
    """Return a shortest cycle through the first action of a component."""
    first, inside = component[0], set(component)
    came_from: dict[str, str] = {}
    ahead = [first]
    for here in ahead:
        for target in graph[here]:
            if target == first:
                cycle = [here]
                while cycle[-1] != first:
                    cycle.append(came_from[cycle[-1]])
                return cycle[::-1]
            if target in inside and target not in came_from:
                came_from[target] = here
                ahead.append(target)
    raise AssertionError("every action of a strongly connected component lies on a cycle")


def _told(cycle: Sequence[str]) -> str:
    shown = cycle if len(cycle) <= _TOLD else [*cycle[: _TOLD - 1], f"… ({len(cycle)} actions)"]
    return " → ".join((*shown, cycle[0]))
