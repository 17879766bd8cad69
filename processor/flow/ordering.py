"""The order of what stands beside each other: few crossings, with every branch leaving where its tab is.

Layer by layer everything goes to the mean of what it is connected with, and neighbours change places while that undoes crossings
(K. Sugiyama, S. Tagawa, M. Toda: Methods for visual understanding of hierarchical system structures, IEEE Transactions on Systems, Man, and
Cybernetics 11, 1981). igraph's layout, which knows no tabs, is one of the orders to begin with; the author's is the other.
"""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import igraph

from processor.flow.layers import Edge, Layers, Vertex

_SWEEPS: Final = 16
_FAILING: Final = 1
_LEADING: Final = 3
"""What a crossing costs by what crosses: the way of success is to be followed first."""

Rows = list[list[Vertex]]
_Ends = Mapping[Vertex, Sequence[tuple[Vertex, float, int]]]
"""What a vertex is connected with in the next layer: the other end, how far from the upper one's middle the edge leaves, its weight."""


def ordered(layers: Layers) -> Rows:
    """Return the layers from top to bottom, each from left to right."""
    lowest, highest = min(layers.layer_of.values()), max(layers.layer_of.values())
    above: defaultdict[Vertex, list[tuple[Vertex, float, int]]] = defaultdict(list)
    below: defaultdict[Vertex, list[tuple[Vertex, float, int]]] = defaultdict(list)
    for edge in layers.edges:
        weight = _FAILING if edge.failing else _LEADING
        above[edge.lower].append((edge.upper, edge.leaves, weight))
        below[edge.upper].append((edge.lower, edge.leaves, weight))
    best, fewest = None, 0
    for places in (_layout(layers, lowest), {vertex: float(number) for number, vertex in enumerate(layers.layer_of)}):
        rows: Rows = [[] for _ in range(highest - lowest + 1)]
        for vertex in sorted(places, key=places.__getitem__):
            rows[layers.layer_of[vertex] - lowest].append(vertex)
        for sweep in range(_SWEEPS):
            _sweep(rows, above if sweep % 2 == 0 else below, down=sweep % 2 == 0)
            _exchange(rows, above, below)
            crossings = _crossings(rows, below)
            if best is None or crossings < fewest:
                best, fewest = [list(row) for row in rows], crossings
    assert best is not None, "there are sweeps"
    return best


def _layout(layers: Layers, lowest: int) -> dict[Vertex, float]:
    """Return where igraph puts everything, from left to right."""
    number = {vertex: index for index, vertex in enumerate(layers.layer_of)}
    edges: list[Edge] = list(layers.edges)
    graph = igraph.Graph(n=len(number), edges=[(number[edge.upper], number[edge.lower]) for edge in edges], directed=True)
    layout = graph.layout_sugiyama(layers=[layer - lowest for layer in layers.layer_of.values()], maxiter=100)
    return {vertex: layout[index][0] for vertex, index in number.items()}


def _sweep(rows: Rows, ends: _Ends, *, down: bool) -> None:
    """Put each vertex at the mean of what it is connected with in the layer before; what is connected with nothing stays where it is."""
    sign = 1.0 if down else -1.0
    order = list(pairwise(rows if down else reversed(rows)))
    for fixed, row in order:
        place = {vertex: float(index) for index, vertex in enumerate(fixed)}
        scale = len(fixed) / max(len(row), 1)
        means = {}
        for index, vertex in enumerate(row):
            known = [(place[other] + sign * leaves, weight) for other, leaves, weight in ends.get(vertex, ())]
            total = sum(weight for _, weight in known)
            means[vertex] = sum(at * weight for at, weight in known) / total if total else index * scale
        row.sort(key=means.__getitem__)


def _exchange(rows: Rows, above: _Ends, below: _Ends) -> None:
    """Let neighbours change places while that undoes crossings."""
    for number, row in enumerate(rows):
        upper = _places(rows[number - 1]) if number else {}
        lower = _places(rows[number + 1]) if number + 1 < len(rows) else {}
        seen = {
            vertex: (
                [(upper[other] + leaves, weight) for other, leaves, weight in above.get(vertex, ())],
                [(leaves, lower[other], weight) for other, leaves, weight in below.get(vertex, ())],
            )
            for vertex in row
        }
        better = True
        while better:  # each exchange leaves fewer crossings
            better = False
            for index in range(len(row) - 1):
                left, right = seen[row[index]], seen[row[index + 1]]
                if _cost(left, right) > _cost(right, left):
                    row[index], row[index + 1] = row[index + 1], row[index]
                    better = True


def _places(row: Sequence[Vertex]) -> dict[Vertex, float]:
    return {vertex: float(index) for index, vertex in enumerate(row)}


_Seen = tuple[list[tuple[float, int]], list[tuple[float, float, int]]]


def _cost(left: _Seen, right: _Seen) -> int:
    """Return the crossings between two neighbours' edges, weighed."""
    return sum(w * v for a, w in left[0] for b, v in right[0] if a > b) + sum(w * v for _, a, w in left[1] for _, b, v in right[1] if a > b)


def _crossings(rows: Rows, below: _Ends) -> int:
    """Return the crossings between all layers, weighed by what is crossed."""
    total = 0
    for row, next_row in pairwise(rows):
        lower = _places(next_row)
        ends = sorted(
            (index + leaves, lower[other], weight) for index, vertex in enumerate(row) for other, leaves, weight in below.get(vertex, ())
        )
        passed: list[float] = []
        for _, at, weight in ends:
            total += weight * (len(passed) - bisect_right(passed, at))
            for _ in range(weight):
                insort(passed, at)
    return total
