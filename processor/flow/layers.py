"""The layers of a drawing: which action is below which, where links turn back, and what each link passes on its way."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal

from processor.engine.action import SUCCESSES
from processor.engine.flow import END, START, Flow
from processor.flow.box import Box, leads_on

_LINES_ONLY: Final = 20
"""Actions up to which every link is a line; in larger flows long lines hide more than they show."""

_BUSY: Final = 3
_PASSED: Final = 4
"""Layers that a link may pass as a line; a failure that leads where many do may pass none."""


@dataclass(frozen=True, slots=True)
class Bend:
    """A place in a layer that links on their way to one action pass. Links to the same action share it, failures apart from the others."""

    target: str
    failing: bool
    layer: int
    way: Literal["down", "up", "turn"]
    """`turn` is where a way back up leaves or enters a layer: it holds things together while they are ordered, and is not drawn."""


Vertex = str | Bend


@dataclass(frozen=True, slots=True)
class Link:
    """A branch that leads to an action, and the bends on its way."""

    source: str
    branch: str
    target: str
    failing: bool
    bends: tuple[Bend, ...]
    back: bool
    """Whether it leads to the same layer or one above, so that it turns below its source and above its target."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A stretch of links from one layer to the next."""

    upper: Vertex
    lower: Vertex
    leaves: float
    """How far from the upper one's middle it leaves, from -0.5 to 0.5 of its width."""

    failing: bool


@dataclass(slots=True)
class Layers:
    """A layered graph in which every edge leads from one layer to the next."""

    layer_of: dict[Vertex, int] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    edges: dict[Edge, None] = field(default_factory=dict)
    """A set that keeps its order."""


def jumps(flow: Flow, depth: Mapping[str, int]) -> dict[str, set[str]]:
    """Return each action's branches that are drawn as a jump: the name of what they lead to instead of a line all over the picture.

    None in a small flow; in a large one failures that lead where many do, and whatever passes many layers. Every action below Start still
    has a line to it, because something just above leads to it.
    """
    found: dict[str, set[str]] = {identity: set() for identity in flow.actions}
    if len(flow.actions) <= _LINES_ONLY:
        return found
    links = [
        (identity, branch, target) for identity, action in flow.actions.items() for branch, target in action.links.items() if target != END
    ]
    failures = Counter(target for _, branch, target in links if branch not in SUCCESSES)
    for source, branch, target in links:
        ahead = depth[target] - depth[source]
        passed = ahead - 1 if ahead > 0 else 1 - ahead
        failing_to_many = branch not in SUCCESSES and failures[target] >= _BUSY
        if passed > (0 if failing_to_many else _PASSED):
            found[source].add(branch)
    return found


def depths(flow: Flow) -> dict[str, int]:
    """Return each action's layer: below all that lead to it, ways back apart."""
    return _depths(
        {
            identity: tuple(dict.fromkeys(action.links[branch] for branch in action.branches if action.links.get(branch, END) != END))
            for identity, action in flow.actions.items()
        }
    )


def layered(boxes: Mapping[str, Box], depth: Mapping[str, int]) -> Layers:
    """Return the layers of a flow with the bends of its lines."""
    layers = Layers()
    for identity in boxes:
        layers.layer_of[identity] = depth[identity]
    for box in boxes.values():
        for tab in box.tabs:
            if tab.target is not None and leads_on(tab):
                _connect(layers, box, tab.branch, tab.target, tab.failing)
    return layers


def _connect(layers: Layers, box: Box, branch: str, target: str, failing: bool) -> None:
    source = box.identity
    above, below = layers.layer_of[source], layers.layer_of[target]
    leaves = box.tab_center(branch) / box.width - 0.5
    back = below <= above
    if back:
        bends = tuple(Bend(target, failing, layer, "up") for layer in range(above, below - 1, -1))
        turns = (Bend(source, failing, above + 1, "turn"), Bend(target, failing, below - 1, "turn"))
        _edges(layers, (turns[1], *reversed(bends), turns[0]), 0.0, failing)
        _edges(layers, (source, turns[0]), leaves, failing)
        _edges(layers, (turns[1], target), 0.0, failing)
    else:
        bends = tuple(Bend(target, failing, layer, "down") for layer in range(above + 1, below))
        _edges(layers, (source, *bends, target), leaves, failing)
    layers.links.append(Link(source, branch, target, failing, bends, back))


def _edges(layers: Layers, way: Sequence[Vertex], leaves: float, failing: bool) -> None:
    for upper, lower in pairwise(way):
        for vertex in (upper, lower):
            if isinstance(vertex, Bend):
                layers.layer_of[vertex] = vertex.layer
        layers.edges[Edge(upper, lower, leaves if upper == way[0] else 0.0, failing)] = None


def _depths(successors: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return each action's layer: the longest way to it without turning back. What turns back is found depth first, as an author reads."""
    finished: dict[str, None] = {}
    entered: set[str] = set()
    forward: dict[str, list[str]] = {identity: [] for identity in successors}
    for root in dict.fromkeys((START, *successors)):  # a published document's actions are in the order of their names
        ahead = [(root, iter(successors[root]))] if root not in entered else []
        entered.add(root)
        while ahead:
            here, targets = ahead[-1]
            for target in targets:
                if target in finished or target not in entered:
                    forward[here].append(target)
                if target not in entered:
                    entered.add(target)
                    ahead.append((target, iter(successors[target])))
                    break
            else:
                finished[here] = None
                ahead.pop()
    depth = dict.fromkeys(successors, 0)
    for here in reversed(finished):
        for target in forward[here]:
            depth[target] = max(depth[target], depth[here] + 1)
    # What no way from Start leads to has no place of its own: it goes just above what it leads to.
    reached = _reached(forward)
    for here in finished:
        if here not in reached and forward[here]:
            depth[here] = min(depth[target] for target in forward[here]) - 1
    highest = min(depth.values())
    return {identity: layer - highest for identity, layer in depth.items()}


def _reached(forward: Mapping[str, Sequence[str]]) -> set[str]:
    reached = {START}
    ahead = [START]
    while ahead:
        new = set(forward[ahead.pop()]) - reached
        reached |= new
        ahead.extend(new)
    return reached
