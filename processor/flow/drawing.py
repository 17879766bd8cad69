"""A flow as a picture: SVG that stands alone, follows light and dark, and lets a page light up what an interaction passes.

Hooks for pages: `<g class="action" data-action="ID">` and `<g class="link" data-action="ID" data-branch="BRANCH">`; class `taken` on
either, and `current` on an action, highlight it. What is meant never hangs on colour alone: an action that waits has a double frame and a
clock, a failure is dashed, a branch that is not linked is dotted, and `end` is a ring with a dot.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from processor.engine.flow import END, START, Flow
from processor.flow.box import MARK_ROOM, TAB_LINE, Box, Tab, box
from processor.flow.layers import Vertex, layered
from processor.flow.placement import Placement, placed
from processor.flow.ways import MARGIN, Band, Way, bands, ways

_CORNER: Final = 8.0
_LEGEND: Final = 30.0
_LEGEND_WIDTH: Final = 420.0
_TURNS: Final = 18.0
"""Room below the lowest boxes for ends, and for ways that turn back there."""


def draw(flow: Flow) -> str:
    """Return the drawing of a flow as an SVG document."""
    boxes = {identity: box(identity, action) for identity, action in flow.actions.items()}
    layers = layered(boxes)
    placement = placed(layers, boxes)
    stretches = bands(placement)
    lines = ways(layers.links, placement, stretches)
    left, right = _sides(placement)
    width = max(right - left, _LEGEND_WIDTH) + 2 * MARGIN
    bottom = stretches[-1].bottom + _TURNS + MARGIN
    way_of = {(way.link.source, way.link.branch): way for way in lines}
    parts = [
        _opening(left - MARGIN, width, bottom + _LEGEND),
        f"<title>{escape(flow.name)}: flow {escape(flow.reference)}</title>",
        "<desc>Drawing of a flow: its actions from top to bottom, and the branches that lead from one to the next.</desc>",
        f"<style>{_style()}</style>",
        *_base(lines),
    ]
    for row, stretch in zip(placement.rows, stretches, strict=True):
        shown = (vertex for vertex in row if isinstance(vertex, str))
        parts.extend(_action(placement.boxes[identity], placement.middle[identity], stretch, way_of) for identity in shown)
    return "\n".join((*parts, _legend(left, bottom + _LEGEND / 2), "</svg>\n"))


def _opening(left: float, width: float, height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flow-drawing" role="img" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{left:.1f} 0 {width:.1f} {height:.1f}">'
    )


@cache
def _style() -> str:
    return (files("processor.flow") / "drawing.css").read_text("utf-8")


def _sides(placement: Placement) -> tuple[float, float]:
    """Return the leftmost and the rightmost place that something takes."""

    def half(vertex: Vertex) -> float:
        return placement.boxes[vertex].width / 2 if isinstance(vertex, str) else 0.0

    ends = [(placement.middle[vertex] - half(vertex), placement.middle[vertex] + half(vertex)) for row in placement.rows for vertex in row]
    return min(left for left, _ in ends), max(right for _, right in ends)


def _base(lines: Iterable[Way]) -> Iterator[str]:
    """Give each piece and each arrow's tip once, however many links share it: dashes that lie on each other would not be dashes."""
    pieces: dict[str, bool] = {}
    tips: dict[tuple[float, float], bool] = {}
    for way in lines:
        pieces.update((piece, way.link.failing) for piece in way.pieces)
        tips[way.arrives_at] = way.link.failing
    for piece, failing in pieces.items():
        yield f'<path class="{_class("line", failing=failing)}" d="{piece}"/>'
    for place, failing in tips.items():
        yield f'<path class="{_class("tip", failing=failing)}" d="{_tip(place)}"/>'


def _class(name: str, *, failing: bool) -> str:
    return f"{name} failure" if failing else name


def _tip(place: tuple[float, float]) -> str:
    x, y = place
    return f"M{x:.1f} {y:.1f}l-4.5 -8h9z"


def _action(shown: Box, middle: float, band: Band, way_of: Mapping[tuple[str, str], Way]) -> str:
    left, top = middle - shown.width / 2, band.top
    corner = shown.head_height / 2 if shown.identity == START else _CORNER
    text_left = left + 14 + (MARK_ROOM if shown.waits else 0)
    identity = escape(shown.identity)
    parts = [
        f'<g class="{"action wait" if shown.waits else "action"}" data-action="{identity}">',
        f"<title>{identity}: {escape(shown.type)}{', waits' if shown.waits else ''}</title>",
        _rectangle("frame", (left, top), (shown.width, shown.height), _CORNER),
        _rectangle("head", (left + 3, top + 3), (shown.width - 6, shown.head_height - 6), corner - 3),
        f'<text class="name" x="{text_left:.1f}" y="{top + 22:.1f}">{escape(shown.title)}</text>',
        f'<text class="kind" x="{text_left:.1f}" y="{top + 38:.1f}">{escape(shown.kind)}</text>',
    ]
    if shown.preview:
        parts.append(f'<text class="preview" x="{text_left:.1f}" y="{top + 54:.1f}">{escape(shown.preview)}</text>')
    if shown.waits:
        parts.append(_wait_mark(shown, left, top))
    parts.append("</g>")
    for tab in shown.tabs:
        parts.append(_link(shown, tab, left, top, way_of.get((shown.identity, tab.branch))))
        left += tab.width
    return "\n".join(parts)


def _wait_mark(shown: Box, left: float, top: float) -> str:
    """Return the second frame and the clock of an action that waits."""
    x, y = left + 24, top + shown.head_height / 2
    return (
        f"{_rectangle('inner', (left - 3.5, top - 3.5), (shown.width + 7, shown.height + 7), _CORNER + 3.5)}"
        f'<path class="clock" d="M{x:.1f} {y - 8:.1f}a8 8 0 1 1 -.01 0zM{x:.1f} {y - 4.5:.1f}v4.5l3 2.5"/>'
    )


def _link(shown: Box, tab: Tab, left: float, top: float, way: Way | None) -> str:
    x, y, bottom = left + tab.width / 2, top + shown.head_height, top + shown.height
    classes = " ".join(("link", *(("failure",) if tab.failing else ()), *(("unlinked",) if tab.target is None else ())))
    source, branch = escape(shown.identity), escape(tab.branch)
    target = "not linked" if tab.target is None else escape(tab.target)
    first_line = y + (shown.tab_height - len(tab.lines) * TAB_LINE) / 2 + TAB_LINE - 2.5
    lines = "".join(
        f'<tspan x="{x:.1f}" y="{first_line + number * TAB_LINE:.1f}">{escape(line)}</tspan>' for number, line in enumerate(tab.lines)
    )
    parts = [
        f'<g class="{classes}" data-action="{source}" data-branch="{branch}">',
        f"<title>{source}, {branch} → {target}</title>",
        _rectangle("tab", (left + 2, y), (tab.width - 4, shown.tab_height - 2.5), 5.0),
        f"<text>{lines}</text>",
    ]
    if tab.target == END:
        parts.append(_end(x, bottom))
    if way is not None:
        parts.append(f'<path class="way" d="{way.path}"/><path class="way-tip" d="{_tip(way.arrives_at)}"/>')
    parts.append("</g>")
    return "".join(parts)


def _rectangle(name: str, place: tuple[float, float], size: tuple[float, float], corner: float) -> str:
    (x, y), (width, height) = place, size
    return f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{corner:.1f}"/>'


def _end(x: float, y: float) -> str:
    return (
        f'<path class="end-line" d="M{x:.1f} {y:.1f}v9"/><circle class="end-ring" cx="{x:.1f}" cy="{y + 15:.1f}" r="6"/>'
        f'<circle class="end-dot" cx="{x:.1f}" cy="{y + 15:.1f}" r="3"/>'
    )


def _legend(left: float, y: float) -> str:
    """Return the line that explains the shapes."""
    return (
        f'<g class="legend" transform="translate({left:.1f} {y:.1f})">'
        '<g class="wait"><path class="clock" d="M8 -8a8 8 0 1 1 -.01 0zM8 -4.5v4.5l3 2.5"/></g><text x="24" y="4">waits</text>'
        '<path class="line failure" d="M84 0h28"/><text x="120" y="4">failure</text>'
        '<g class="unlinked"><rect class="tab" x="190" y="-7" width="28" height="14" rx="5"/></g><text x="226" y="4">not linked</text>'
        '<circle class="end-ring" cx="318" cy="0" r="6"/><circle class="end-dot" cx="318" cy="0" r="3"/><text x="332" y="4">end</text>'
        "</g>"
    )
