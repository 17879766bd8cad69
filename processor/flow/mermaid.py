"""A flow as Mermaid's flowchart text, for pages that show Markdown: https://mermaid.js.org/syntax/flowchart.html.

An action that waits is a hexagon, a failure's line is dotted, a branch that is not linked ends in a cross, and `end` is a ring.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from processor.engine.flow import END, START, Flow
from processor.flow.box import Box, Tab, box
from processor.flow.overlay import Overlay

_FAILURE: Final = "stroke:#d0632f"
_MISSED: Final = "stroke:#c2268a,stroke-dasharray:1 5"
_THICKEST: Final = 6
_STYLES: Final = (
    "classDef wait stroke:#2a7fd0,stroke-width:2px",
    "classDef missed stroke:#c2268a,stroke-width:2px,stroke-dasharray:6 3",
    "classDef small font-size:11px",
)


@dataclass(slots=True)
class _Chart:
    """The lines of a chart under way."""

    nodes: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)

    def link(self, line: str, style: str) -> None:
        if style:
            self.styles.append(f"linkStyle {len(self.links)} {style}")
        self.links.append(line)


def mermaid(flow: Flow, overlay: Overlay | None = None) -> str:
    """Return a flow as a Mermaid flowchart, with what an overlay says of its branches."""
    number = {identity: f"a{index}" for index, identity in enumerate(flow.actions)}
    chart = _Chart()
    most = max(overlay.taken.values(), default=0) if overlay else 0
    for identity, action in flow.actions.items():
        shown = box(identity, action, overlay=overlay)
        missed = overlay is not None and not overlay.reaches(flow, identity)
        chart.nodes.append(_node(number[identity], shown, missed=missed))
        for tabs in _together(shown):
            first = tabs[0]
            target = number.get(first.target or "") or _beyond(chart, number[identity], first, len(chart.links))
            arrow = "-.-x" if first.target is None else "-.->" if first.failing else "-->"
            label = "<br>".join(" ".join(part for part in (_escaped(tab.branch), _escaped(tab.note)) if part) for tab in tabs)
            count = sum(overlay.count(identity, tab.branch) for tab in tabs) if overlay else 0
            style = _style(overlay, count, most, failing=first.failing)
            chart.link(f'{number[identity]} {arrow}|"{label}"| {target}', style)
    head = ("---", f"title: {json.dumps(f'{flow.name} ({flow.reference})', ensure_ascii=False)}", "---", "flowchart TD")
    return "\n".join((*head, *(f"  {line}" for line in (*chart.nodes, *chart.links, *_STYLES, *chart.styles)))) + "\n"


def _node(number: str, shown: Box, *, missed: bool) -> str:
    """Return an action: rounded Start, hexagon where it waits, otherwise a rectangle."""
    lines = "<br>".join(_escaped(line) for line in (shown.title, shown.type, shown.preview) if line)
    before, after = ('(["', '"])') if shown.identity == START else ('{{"', '"}}') if shown.waits else ('["', '"]')
    classes = "".join(f":::{name}" for name, given in (("wait", shown.waits and not missed), ("missed", missed)) if given)
    return f"{number}{before}{lines}{after}{classes}"


def _together(shown: Box) -> Iterator[list[Tab]]:
    """Give the branches that share a line: those that lead to the same place, failures apart from the others."""
    groups: dict[tuple[str | None, bool], list[Tab]] = {}
    for tab in shown.tabs:
        groups.setdefault((tab.target, tab.failing), []).append(tab)
    yield from groups.values()


def _beyond(chart: _Chart, source: str, tab: Tab, running: int) -> str:
    """Return a node of its own for what leads out of the flow."""
    name = f"{source}x{running}"
    chart.nodes.append(f'{name}((("{END}"))):::small' if tab.target == END else f'{name}(["not linked"]):::small')
    return name


def _style(overlay: Overlay | None, count: int, most: int, *, failing: bool) -> str:
    if overlay is None or overlay.kind == "counts":
        parts = [_FAILURE] if failing else []
        if count:
            parts.append(f"stroke-width:{1 + (_THICKEST - 1) * count / most:.1f}px")
        return ",".join(parts)
    return (_FAILURE if failing else "") if count else _MISSED


def _escaped(text: str) -> str:
    """Return a text as a label that means nothing to Mermaid, Markdown or HTML: its entity codes are `#`, a number and `;`."""
    return "".join(_character(character) for character in text)


def _character(character: str) -> str:
    if character.isalnum() or character in "_ " or (ord(character) > 0x9F and character.isprintable()):
        return character
    return f"#{ord(character)};" if character.isprintable() else " "
