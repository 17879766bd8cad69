"""The layers of a drawing: which action is below which, where links turn back, and what each link passes on its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from processor.engine.flow import START
from processor.flow.box import Box, leads_on


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


@dataclass(slots=True)
class Layers:
    """A layered graph in which every edge leads from one layer to the next."""

    layer_of: dict[Vertex, int] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    edges: dict[tuple[Vertex, Vertex], None] = field(default_factory=dict)
    """A set that keeps its order."""


def layered(boxes: Mapping[str, Box]) -> Layers:
    """Return the layers of a flow: every action below all that lead to it, ways back apart."""
    successors = {
        identity: tuple(dict.fromkeys(tab.target for tab in box.tabs if leads_on(tab) and tab.target)) for identity, box in boxes.items()
    }
    depth = _depths(successors)
    layers = Layers()
    for identity in boxes:
        layers.layer_of[identity] = depth[identity]
    for identity, box in boxes.items():
        for tab in box.tabs:
            if tab.target is not None and leads_on(tab):
                _connect(layers, identity, tab.branch, tab.target, tab.failing)
    return layers


def _connect(layers: Layers, source: str, branch: str, target: str, failing: bool) -> None:
    above, below = layers.layer_of[source], layers.layer_of[target]
    back = below <= above
    if back:
        bends = tuple(Bend(target, failing, layer, "up") for layer in range(above, below - 1, -1))
        turns = (Bend(source, failing, above + 1, "turn"), Bend(target, failing, below - 1, "turn"))
        _edges(layers, (turns[1], *reversed(bends), turns[0]))
        _edges(layers, (source, turns[0]))
        _edges(layers, (turns[1], target))
    else:
        bends = tuple(Bend(target, failing, layer, "down") for layer in range(above + 1, below))
        _edges(layers, (source, *bends, target))
    layers.links.append(Link(source, branch, target, failing, bends, back))


def _edges(layers: Layers, way: Sequence[Vertex]) -> None:
    for upper, lower in pairwise(way):
        for vertex in (upper, lower):
            if isinstance(vertex, Bend):
                layers.layer_of[vertex] = vertex.layer
        layers.edges[upper, lower] = None


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
    return depth


def _reached(forward: Mapping[str, Sequence[str]]) -> set[str]:
    reached = {START}
    ahead = [START]
    while ahead:
        new = set(forward[ahead.pop()]) - reached
        reached |= new
        ahead.extend(new)
    return reached
