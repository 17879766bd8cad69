"""A flow as a picture: SVG that stands alone, follows light and dark, and lets a page light up what an interaction passes.

Hooks for pages: `<g class="action" data-action="ID">` and `<g class="link" data-action="ID" data-branch="BRANCH">`; class `taken` on
either, and `current` on an action, highlight it; `<g class="jump" data-target="ID">` names what a branch goes on at.

What is meant never hangs on colour alone: an action that waits has a double frame and a clock, a failure is dashed, a branch that is not
linked is dotted, `end` is a ring with a dot, and a branch whose line would cross half the picture names what it leads to instead. An
overlay adds how often each branch was taken.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from processor.engine.flow import END, START, Flow
from processor.flow.box import ICON_ROOM, TAB_LINE, Box, Tab, box, leads_on
from processor.flow.icons import family, icon
from processor.flow.layers import Vertex, depths, jumps, layered
from processor.flow.legend import LEGEND_HEIGHT, legend, legend_width
from processor.flow.overlay import Overlay
from processor.flow.placement import Placement, placed
from processor.flow.ways import MARGIN, Band, Way, bands, ways

_CORNER: Final = 8.0
_TURNS: Final = 22.0
"""Room below the lowest boxes for ends, and for ways that turn back there."""

_THINNEST: Final = 1.5
_THICKEST: Final = 7.0
"""Width of lines by how often they were passed, in pixels."""


def draw(flow: Flow, overlay: Overlay | None = None) -> str:
    """Return the drawing of a flow as an SVG document, with what an overlay says of its branches."""
    depth = depths(flow)
    jumping = jumps(flow, depth)
    boxes = {identity: box(identity, action, jumping[identity], overlay) for identity, action in flow.actions.items()}
    layers = layered(boxes, depth)
    placement = placed(layers, boxes)
    stretches = bands(placement)
    lines = ways(layers.links, placement, stretches)
    left, right = _sides(placement)
    width = max(right - left, legend_width(overlay)) + 2 * MARGIN
    bottom = stretches[-1].bottom + _TURNS + MARGIN
    picture = _Picture(flow, overlay, {(way.link.source, way.link.branch): way for way in lines}, _jumped(boxes))
    parts = [
        _opening(overlay, left - MARGIN, width, bottom + LEGEND_HEIGHT),
        f"<title>{escape(flow.name)}: flow {escape(flow.reference)}</title>",
        "<desc>Drawing of a flow: its actions from top to bottom, and the branches that lead from one to the next.</desc>",
        f"<style>{_style()}</style>",
        *_base(lines, overlay),
    ]
    for row, stretch in zip(placement.rows, stretches, strict=True):
        shown = (vertex for vertex in row if isinstance(vertex, str))
        parts.extend(picture.action(placement.boxes[identity], placement.middle[identity], stretch) for identity in shown)
    return "\n".join((*parts, legend(left, bottom + LEGEND_HEIGHT / 2, overlay, jumps=bool(picture.jumped)), "</svg>\n"))


def _opening(overlay: Overlay | None, left: float, width: float, height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{" ".join(("flow-drawing", *((overlay.kind,) if overlay else ())))}" role="img" '
        f'width="{width:.0f}" height="{height:.0f}" viewBox="{left:.1f} 0 {width:.1f} {height:.1f}">'
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


def _jumped(boxes: Mapping[str, Box]) -> dict[str, list[str]]:
    """Return, by action, what jumps to it, as `action branch`."""
    found: dict[str, list[str]] = {}
    for identity, shown in boxes.items():
        for tab in shown.tabs:
            if tab.jump and tab.target is not None:
                found.setdefault(tab.target, []).append(f"{identity} {tab.branch}")
    return found


def _base(lines: Sequence[Way], overlay: Overlay | None) -> Iterator[str]:
    """Give each piece and each arrow's tip once, however many links share it: dashes that lie on each other would not be dashes."""
    passed: Counter[str | tuple[float, float]] = Counter()
    pieces: dict[str, bool] = {}
    tips: dict[tuple[float, float], bool] = {}
    for way in lines:
        pieces.update((piece, way.link.failing) for piece in way.pieces)
        tips[way.arrives_at] = way.link.failing
        count = overlay.count(way.link.source, way.link.branch) if overlay else 0
        passed.update(dict.fromkeys((*way.pieces, way.arrives_at), count))
    most = max((passed[piece] for piece in pieces), default=0)
    for piece, failing in pieces.items():
        width = ""
        if overlay is not None and overlay.kind == "counts" and passed[piece]:
            width = f' style="stroke-width:{_THINNEST + (_THICKEST - _THINNEST) * passed[piece] / most:.1f}px"'
        yield f'<path class="{_class("line", failing, overlay, passed[piece])}"{width} d="{piece}"/>'
    for place, failing in tips.items():
        yield f'<path class="{_class("tip", failing, overlay, passed[place])}" d="{_tip(place)}"/>'


def _class(name: str, failing: bool, overlay: Overlay | None, count: int) -> str:
    return " ".join((name, *(("failure",) if failing else ()), *_passed(overlay, count)))


def _passed(overlay: Overlay | None, count: int) -> tuple[str, ...]:
    """Return the class of what was passed that often, where that is known."""
    return () if overlay is None else ("passed",) if count else ("missed",)


def _tip(place: tuple[float, float]) -> str:
    x, y = place
    return f"M{x:.1f} {y:.1f}l-4.5 -8h9z"


@dataclass(frozen=True, slots=True)
class _Picture:
    """What boxes are drawn from."""

    flow: Flow
    overlay: Overlay | None
    way_of: Mapping[tuple[str, str], Way]
    jumped: Mapping[str, Sequence[str]]

    def action(self, shown: Box, middle: float, band: Band) -> str:
        """Return an action with its tabs."""
        left, top = middle - shown.width / 2, band.top
        corner = shown.head_height / 2 if shown.identity == START else _CORNER
        text_left = left + 11 + ICON_ROOM
        identity = escape(shown.identity)
        classes = ("action", *(("wait",) if shown.waits else ()), *self._reached(shown.identity))
        tells = f"{identity}: {escape(shown.type)}, {family(shown.section)}{', waits' if shown.waits else ''}"
        parts = [
            f'<g class="{" ".join(classes)}" data-action="{identity}">',
            f"<title>{tells}</title>",
            _rectangle("frame", (left, top), (shown.width, shown.height), _CORNER),
            _rectangle("head", (left + 3, top + 3), (shown.width - 6, shown.head_height - 6), corner - 3),
            f'<path class="icon" transform="translate({left + 12:.1f} {top + 10:.1f})" d="{icon(shown.section)}"/>',
            f'<text class="name" x="{text_left:.1f}" y="{top + 22:.1f}">{escape(shown.title)}</text>',
            f'<text class="kind" x="{text_left:.1f}" y="{top + 38:.1f}">{escape(shown.kind)}</text>',
        ]
        if shown.preview:
            parts.append(f'<text class="preview" x="{text_left:.1f}" y="{top + 54:.1f}">{escape(shown.preview)}</text>')
        if shown.waits:
            parts.append(_wait_mark(shown, left, top))
        if shown.identity in self.jumped:
            parts.append(_landing(self.jumped[shown.identity], left, top))
        parts.append("</g>")
        for tab in shown.tabs:
            parts.append(self._link(shown, tab, left, top))
            left += tab.width
        return "\n".join(parts)

    def _reached(self, identity: str) -> tuple[str, ...]:
        return () if self.overlay is None or self.overlay.reaches(self.flow, identity) else ("missed",)

    def _link(self, shown: Box, tab: Tab, left: float, top: float) -> str:
        x, y, bottom = left + tab.width / 2, top + shown.head_height, top + shown.height
        way = self.way_of.get((shown.identity, tab.branch))
        count = self.overlay.count(shown.identity, tab.branch) if self.overlay else 0
        classes = (
            "link",
            *(("failure",) if tab.failing else ()),
            *(("unlinked",) if tab.target is None else ()),
            *_passed(self.overlay, count),
        )
        source, branch = escape(shown.identity), escape(tab.branch)
        target = "not linked" if tab.target is None else escape(tab.target)
        times = f": {count}×" if self.overlay else ""
        parts = [
            f'<g class="{" ".join(classes)}" data-action="{source}" data-branch="{branch}">',
            f"<title>{source}, {branch} → {target}{times}</title>",
            _rectangle("tab", (left + 2, y), (tab.width - 4, shown.tab_height - 2.5), 5.0),
            _label(tab, x, y, shown.tab_height - tab.jump_height),
        ]
        if tab.jump:
            parts.append(_jump(tab, left, bottom))
        if tab.target == END:
            parts.append(_end(x, bottom))
        if way is not None and leads_on(tab):
            parts.append(f'<path class="way" d="{way.path}"/><path class="way-tip" d="{_tip(way.arrives_at)}"/>')
        parts.append("</g>")
        return "".join(parts)


def _wait_mark(shown: Box, left: float, top: float) -> str:
    """Return the second frame and the clock of an action that waits."""
    x, y = left + shown.width - 19, top + 18
    return (
        f"{_rectangle('inner', (left - 3.5, top - 3.5), (shown.width + 7, shown.height + 7), _CORNER + 3.5)}"
        f'<path class="clock" d="M{x:.1f} {y - 7:.1f}a7 7 0 1 1 -.01 0zM{x:.1f} {y - 4:.1f}v4l2.8 2.2"/>'
    )


def _landing(sources: Sequence[str], left: float, top: float) -> str:
    """Return the mark of an action that is jumped to: how many branches do."""
    text = str(len(sources))
    width = 24 + 6.5 * len(text)
    return (
        f'<g class="landing"><title>from {escape(", ".join(sources))}</title>{_rectangle("pill", (left, top - 19), (width, 15), 7.5)}'
        f'<path class="arrow" d="M{left + 10:.1f} {top - 16:.1f}v7.5M{left + 7:.1f} {top - 11.5:.1f}l3 3l3 -3"/>'
        f'<text x="{left + 18:.1f}" y="{top - 7.8:.1f}">{text}</text></g>'
    )


def _label(tab: Tab, x: float, top: float, height: float) -> str:
    """Return a branch's name, and below it how often it was taken."""
    lines = [*(("", line) for line in tab.lines), *(((' class="note"', tab.note),) if tab.note else ())]
    first = top + (height - len(lines) * TAB_LINE) / 2 + TAB_LINE - 3.5
    texts = (
        f'<tspan{name} x="{x:.1f}" y="{first + number * TAB_LINE:.1f}">{escape(line)}</tspan>' for number, (name, line) in enumerate(lines)
    )
    return f"<text>{''.join(texts)}</text>"


def _jump(tab: Tab, left: float, bottom: float) -> str:
    """Return the sign that names what a branch leads to."""
    top = bottom - tab.jump_height - 1.0
    texts = (
        f'<tspan x="{left + tab.width / 2:.1f}" y="{top + TAB_LINE * (number + 1) - 1:.1f}">{escape(line)}</tspan>'
        for number, line in enumerate(tab.jump)
    )
    pill = _rectangle("pill", (left + 5, top), (tab.width - 10, tab.jump_height - 4.0), 4.0)
    return f'<g class="jump" data-target="{escape(tab.target or "")}">{pill}<text>{"".join(texts)}</text></g>'


def _rectangle(name: str, place: tuple[float, float], size: tuple[float, float], corner: float) -> str:
    (x, y), (width, height) = place, size
    return f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{corner:.1f}"/>'


def _end(x: float, y: float) -> str:
    return (
        f'<path class="end-line" d="M{x:.1f} {y:.1f}v9"/><circle class="end-ring" cx="{x:.1f}" cy="{y + 15:.1f}" r="6"/>'
        f'<circle class="end-dot" cx="{x:.1f}" cy="{y + 15:.1f}" r="3"/>'
    )
