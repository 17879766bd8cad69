"""Long lines made straight: where a way passes layer after layer and there is room, it passes them all at the same place."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf

from processor.flow.layers import Bend, Vertex


def straighten(rows: Sequence[Sequence[Vertex]], middle: dict[Vertex, float], apart: Callable[[Vertex], float]) -> None:
    """Move bends of one way above each other as far as their neighbours, which stay where they are, leave room.

    Args:
        rows: the layers, each from left to right.
        middle: where everything is; changed in place.
        apart: the room that a vertex needs on either side of its middle.
    """
    ways: defaultdict[tuple[str, bool, str], list[Bend]] = defaultdict(list)
    for row in rows:
        for vertex in row:
            if isinstance(vertex, Bend):
                ways[vertex.target, vertex.failing, vertex.way].append(vertex)
    neighbours = {vertex: (before, after) for row in rows for before, vertex, after in _triples(row)}
    for bends in ways.values():
        room = {}
        for bend in bends:
            before, after = neighbours[bend]
            least = -inf if before is None else middle[before] + apart(before) + apart(bend)
            most = inf if after is None else middle[after] - apart(after) - apart(bend)
            room[bend] = (least, most)
        for run, (least, most) in _runs(bends, room):
            place = min(max(sum(middle[bend] for bend in run) / len(run), least), most)
            middle.update(dict.fromkeys(run, place))


def _triples(row: Sequence[Vertex]) -> Iterator[tuple[Vertex | None, Vertex, Vertex | None]]:
    """Give each vertex of a row with its neighbours."""
    return zip((None, *row[:-1]), row, (*row[1:], None), strict=True)


def _runs(bends: Sequence[Bend], room: Mapping[Bend, tuple[float, float]]) -> Iterator[tuple[list[Bend], tuple[float, float]]]:
    """Give the longest runs of bends, from the top, that have room at a common place, and that room."""
    run: list[Bend] = []
    least, most = -inf, inf
    for bend in bends:
        common = max(least, room[bend][0]), min(most, room[bend][1])
        if run and common[0] > common[1]:
            yield run, (least, most)
            run, common = [], room[bend]
        run.append(bend)
        least, most = common
    yield run, (least, most)
