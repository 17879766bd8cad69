"""The line under a drawing that explains its shapes."""

from collections.abc import Iterator
from typing import Final

from processor.flow.lettering import width
from processor.flow.overlay import Overlay

LEGEND_HEIGHT: Final = 30.0

_SIZE: Final = 11.0
_BETWEEN: Final = 22.0
_WAIT: Final = '<g class="wait"><path class="clock" d="M8 -7a7 7 0 1 1 -.01 0zM8 -4v4l2.8 2.2"/></g>'
_FAILURE: Final = '<path class="line failure" d="M0 0h26"/>'
_UNLINKED: Final = '<g class="unlinked"><rect class="tab" x="0" y="-7" width="26" height="14" rx="5"/></g>'
_END: Final = '<circle class="end-ring" cx="7" cy="0" r="6"/><circle class="end-dot" cx="7" cy="0" r="3"/>'
_JUMP: Final = '<g class="jump"><rect class="pill" x="0" y="-7" width="26" height="14" rx="4"/><text x="13" y="3.5">id</text></g>'
_LANDING: Final = (
    '<g class="landing"><rect class="pill" x="0" y="-7.5" width="30" height="15" rx="7.5"/>'
    '<path class="arrow" d="M10 -4.5v7.5M7 0l3 3l3 -3"/><text x="18" y="4">n</text></g>'
)
_MISSED: Final = '<g class="missed"><rect class="tab" x="0" y="-7" width="26" height="14" rx="5"/></g>'
_PASSED: Final = (
    '<path class="line passed" style="stroke-width:1.5px" d="M0 0h12"/><path class="line passed" style="stroke-width:6px" d="M14 0h14"/>'
)


def legend(left: float, y: float, overlay: Overlay | None, *, jumps: bool) -> str:
    """Return the legend of a drawing."""
    parts = []
    x = 0.0
    for sign, room, text in _entries(overlay, jumps=jumps):
        parts.append(f'<g transform="translate({x:.1f} 0)">{sign}<text class="says" x="{room + 8:.0f}" y="4">{text}</text></g>')
        x += room + 8 + width(text, _SIZE) + _BETWEEN
    return f'<g class="legend" transform="translate({left:.1f} {y:.1f})">{"".join(parts)}</g>'


def legend_width(overlay: Overlay | None) -> float:
    """Return the room that a legend takes at most, in pixels."""
    return sum(room + 8 + width(text, _SIZE) + _BETWEEN for _, room, text in _entries(overlay, jumps=True)) - _BETWEEN


def _entries(overlay: Overlay | None, *, jumps: bool) -> Iterator[tuple[str, float, str]]:
    """Give each sign, its width and what it means."""
    yield _WAIT, 16, "waits"
    yield _FAILURE, 26, "failure"
    yield _UNLINKED, 26, "not linked"
    yield _END, 14, "end"
    if jumps:
        yield _JUMP, 26, "goes on at"
        yield _LANDING, 30, "branches that go on here"
    if overlay is not None and overlay.kind == "coverage":
        yield _MISSED, 26, "never taken"
    if overlay is not None and overlay.kind == "counts":
        yield _PASSED, 28, "taken seldom, often"
