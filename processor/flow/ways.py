"""The lines of a drawing: every link's way from its tab around the boxes to the action that it leads to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from processor.flow.layers import Bend, Link, Vertex
from processor.flow.placement import Placement

GAP: Final = 58.0
"""Vertical space between layers."""

MARGIN: Final = 24.0

_TURN: Final = 34.0
_ABOVE: Final = 8.0
"""Room above the margin's end, for ways that turn back to the first layer."""

_WIDEST_PORT: Final = 18.0
_PORT_SIDE: Final = 14.0


@dataclass(frozen=True, slots=True)
class Band:
    """The stretch of one layer from top to bottom, in pixels."""

    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Way:
    """A link's line, in pieces that other links to the same action may share, and where it arrives."""

    link: Link
    pieces: tuple[str, ...]
    """SVG path data; each piece begins where the one before ends."""

    arrives_at: tuple[float, float]

    @property
    def path(self) -> str:
        """The whole line as SVG path data."""
        return " ".join(self.pieces)


def bands(placement: Placement) -> list[Band]:
    """Return the layers' stretches, the first below the margin and the space for ways back to it."""
    found = []
    top = MARGIN + _ABOVE
    for row in placement.rows:
        height = max(placement.boxes[vertex].height for vertex in row if isinstance(vertex, str))
        found.append(Band(top, top + height))
        top += height + GAP
    return found


def ways(links: Iterable[Link], placement: Placement, layers: Sequence[Band]) -> list[Way]:
    """Return the ways of all links."""
    links = list(links)
    ports = _ports(links, placement)
    rows = {vertex: number for number, row in enumerate(placement.rows) for vertex in row}
    return [_way(link, placement, layers, rows, ports[link.target, _before(link), link.failing]) for link in links]


def _before(link: Link) -> Vertex:
    """Return what the link passes last before it arrives."""
    return link.bends[-1] if link.bends else link.source


def _ports(links: Iterable[Link], placement: Placement) -> dict[tuple[str, Vertex, bool], float]:
    """Return where links arrive on top of their boxes: beside each other, in the order in which they come."""
    arriving: defaultdict[str, dict[tuple[str, Vertex, bool], float]] = defaultdict(dict)
    for link in links:
        before = _before(link)
        place = placement.middle[before]
        if isinstance(before, str):
            place += _leaves(link, placement) - placement.boxes[before].width / 2
        arriving[link.target].setdefault((link.target, before, link.failing), place)
    ports = {}
    for target, places in arriving.items():
        box = placement.boxes[target]
        step = min(_WIDEST_PORT, (box.width - 2 * _PORT_SIDE) / max(len(places) - 1, 1))
        left = placement.middle[target] - step * (len(places) - 1) / 2
        for number, key in enumerate(sorted(places, key=places.__getitem__)):
            ports[key] = left + number * step
    return ports


def _leaves(link: Link, placement: Placement) -> float:
    return placement.boxes[link.source].tab_center(link.branch)


def _way(link: Link, placement: Placement, layers: Sequence[Band], rows: Mapping[Vertex, int], port: float) -> Way:
    box = placement.boxes[link.source]
    band = layers[rows[link.source]]
    x = placement.middle[link.source] - box.width / 2 + _leaves(link, placement)
    pieces = [f"M{x:.1f} {band.top + box.height:.1f}V{band.bottom:.1f}"]
    arrival = layers[rows[link.target]].top
    if link.back:
        return Way(link, (*pieces, *_back((x, band.bottom), link.bends, placement, layers, port)), (port, arrival))
    y = band.bottom
    for bend in link.bends:
        stretch, to = layers[bend.layer], placement.middle[bend]
        pieces += [_curve(x, y, to, stretch.top), f"M{to:.1f} {stretch.top:.1f}V{stretch.bottom:.1f}"]
        x, y = to, stretch.bottom
    return Way(link, (*pieces, _curve(x, y, port, arrival)), (port, arrival))


def _back(start: tuple[float, float], bends: Sequence[Bend], placement: Placement, layers: Sequence[Band], port: float) -> list[str]:
    """Return the pieces of a way back: a turn below the source, up beside the boxes, a turn above the target."""
    to = placement.middle[bends[0]]
    x, y = start
    pieces = [_turn(x, y, to, y + _TURN)]
    for lower, upper in zip(bends, (*bends[1:], None), strict=True):
        stretch, at = layers[lower.layer], placement.middle[lower]
        pieces.append(f"M{at:.1f} {stretch.bottom:.1f}V{stretch.top:.1f}")
        if upper is None:
            pieces.append(_turn(at, stretch.top, port, stretch.top - _TURN))
        else:
            pieces.append(_curve(at, stretch.top, placement.middle[upper], layers[upper.layer].bottom))
    return pieces


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    """Return a line between layers that leaves and arrives upright."""
    half = (y + to_y) / 2
    return f"M{x:.1f} {y:.1f}C{x:.1f} {half:.1f} {to_x:.1f} {half:.1f} {to_x:.1f} {to_y:.1f}"


def _turn(x: float, y: float, to_x: float, beyond: float) -> str:
    """Return a line that leaves upright and comes back at the same height."""
    return f"M{x:.1f} {y:.1f}C{x:.1f} {beyond:.1f} {to_x:.1f} {beyond:.1f} {to_x:.1f} {y:.1f}"
