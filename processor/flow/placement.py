"""Where everything in a drawing is: layer by layer, as near to what it is connected with as the widths allow (least squares).

The order within layers is settled before (`ordering`); positions follow from the boxes' sizes (pool adjacent violators).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from processor.flow.box import Box
from processor.flow.layers import Bend, Layers, Link, Vertex
from processor.flow.ordering import ordered
from processor.flow.straightening import straighten

SPACE_BETWEEN: Final = 26.0
"""Least horizontal space between boxes."""

SPACE_AT_BEND: Final = 9.0
"""Least horizontal space on either side of a link that passes a layer."""

_SWEEPS: Final = 24
_UNMOVED: Final = 0.01
_STRAIGHT: Final = {2: 8.0, 1: 2.0, 0: 1.0}
"""How much a straight edge is worth by how many of its ends are bends: long ways first."""

_MAIN: Final = 3.0
"""How much more the way of success is worth than one of failure."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Middles of boxes and bends from left to right, in pixels."""

    middle: Mapping[Vertex, float]
    boxes: Mapping[str, Box]
    rows: Sequence[Sequence[Vertex]]
    """The layers from top to bottom, each from left to right."""


@dataclass(frozen=True, slots=True)
class _Pull:
    """What draws a vertex: one that it is connected with, the distance from its middle at which the line is straight, and how much."""

    towards: Vertex
    distance: float
    weight: float


def placed(layers: Layers, boxes: Mapping[str, Box]) -> Placement:
    """Return the placement of a layered flow."""
    rows = _rows(layers)
    middle = _packed(rows, boxes)
    pulls: defaultdict[Vertex, list[_Pull]] = defaultdict(list)
    for vertex, pull in _pulls(layers.links, boxes):
        pulls[vertex].append(pull)
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            _settle(row, [_wanted(vertex, middle, pulls[vertex]) for vertex in row], middle, boxes)
    straighten(rows, middle, lambda vertex: _apart(vertex, boxes))
    return Placement(middle, boxes, rows)


def _rows(layers: Layers) -> list[list[Vertex]]:
    """Return the layers in order, without what only held things together."""
    rows = [[vertex for vertex in row if not (isinstance(vertex, Bend) and vertex.way == "turn")] for row in ordered(layers)]
    return [row for row in rows if any(isinstance(vertex, str) for vertex in row)]


def _packed(rows: Iterable[Sequence[Vertex]], boxes: Mapping[str, Box]) -> dict[Vertex, float]:
    """Return the layers side by side as closely as they may be, each around the middle."""
    middle: dict[Vertex, float] = {}
    for row in rows:
        _settle(row, [(0.0, 1.0)] * len(row), middle, boxes)
    return middle


def _pulls(links: Iterable[Link], boxes: Mapping[str, Box]) -> Iterator[tuple[Vertex, _Pull]]:
    """Give what should be straight, from both of its ends; the ways back up count only where they go up."""
    known: set[tuple[Vertex, Vertex, float]] = set()
    for link in links:
        box = boxes[link.source]
        leaves = box.tab_center(link.branch) - box.width / 2
        way: tuple[Vertex, ...] = tuple(reversed(link.bends)) if link.back else (link.source, *link.bends, link.target)
        for upper, lower in pairwise(way):
            aside = leaves if upper == link.source else 0.0
            if (upper, lower, aside) in known:
                continue
            known.add((upper, lower, aside))
            weight = _STRAIGHT[isinstance(upper, Bend) + isinstance(lower, Bend)] * (1.0 if link.failing else _MAIN)
            yield lower, _Pull(upper, aside, weight)
            yield upper, _Pull(lower, -aside, weight)


def _wanted(vertex: Vertex, middle: Mapping[Vertex, float], pulls: Sequence[_Pull]) -> tuple[float, float]:
    """Return where a vertex would like to be, and how much."""
    weight = sum(pull.weight for pull in pulls)
    if not weight:
        return middle[vertex], _UNMOVED
    return sum((middle[pull.towards] + pull.distance) * pull.weight for pull in pulls) / weight, weight


def _settle(row: Sequence[Vertex], wanted: Sequence[tuple[float, float]], middle: dict[Vertex, float], boxes: Mapping[str, Box]) -> None:
    """Place a row as near to what its vertices want as their sizes allow (isotonic regression, pool adjacent violators)."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + _apart(left, boxes) + _apart(right, boxes))
    blocks: list[tuple[float, float, int]] = []  # sum of weight × wish, sum of weights, how many
    for (place, weight), offset in zip(wanted, offsets, strict=True):
        block = ((place - offset) * weight, weight, 1)
        while blocks and blocks[-1][0] / blocks[-1][1] > block[0] / block[1]:
            before = blocks.pop()
            block = (before[0] + block[0], before[1] + block[1], before[2] + block[2])
        blocks.append(block)
    starts = [total / weight for total, weight, count in blocks for _ in range(count)]
    for vertex, start, offset in zip(row, starts, offsets, strict=True):
        middle[vertex] = start + offset


def _apart(vertex: Vertex, boxes: Mapping[str, Box]) -> float:
    """Return the room that a vertex needs on either side of its middle."""
    return SPACE_AT_BEND if isinstance(vertex, Bend) else boxes[vertex].width / 2 + SPACE_BETWEEN / 2
