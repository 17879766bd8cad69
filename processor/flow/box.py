"""The box of one action in a drawing: a head that says what it is, and under it a tab for each branch."""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from typing import Final

from processor.engine.action import SUCCESSES, Action
from processor.engine.flow import END
from processor.engine.parameters import EntityReference, FlowReference
from processor.flow.lettering import fitted, width, wrapped
from processor.flow.mentions import mentions
from processor.flow.overlay import Overlay

TITLE_SIZE: Final = 13.0
TYPE_SIZE: Final = 11.0
TAB_SIZE: Final = 10.5
TAB_LINE: Final = 12.0
ICON_ROOM: Final = 27.0
"""Room at the left of the head for the sign of the type's family."""

_CLOCK_ROOM: Final = 28.0
"""Room at the right of the title for the clock of an action that waits."""

_BOLD: Final = 1.05
"""How much wider than others the letters of a title are."""

_SIDE: Final = 12.0
_WIDEST_HEAD: Final = 240.0
_NARROWEST: Final = 116.0
_LINE: Final = 16.0
_TAB_SIDE: Final = 7.0
_WIDEST_TAB_LINE: Final = 66.0
_WIDEST_JUMP_LINE: Final = 78.0
_NARROWEST_TAB: Final = 34.0
_JUMP_LINES: Final = 2


@dataclass(frozen=True, slots=True)
class Tab:
    """One branch of an action."""

    branch: str
    target: str | None
    """Id of the action that it leads to, `end`, or None where it is not linked."""

    lines: tuple[str, ...]
    width: float
    jump: tuple[str, ...] = ()
    """The name of what it leads to, in lines, where that is told instead of drawn as a line."""

    note: str = ""
    """How often the branch was taken."""

    @property
    def failing(self) -> bool:
        """Whether the branch is taken when something failed."""
        return self.branch not in SUCCESSES

    @property
    def jump_height(self) -> float:
        """Height of the part that names what the branch jumps to."""
        return len(self.jump) * TAB_LINE + 7.0 if self.jump else 0.0

    @property
    def label_height(self) -> float:
        """Height of the branch's name and of what is noted of it."""
        return (len(self.lines) + bool(self.note)) * TAB_LINE + 9.0


@dataclass(frozen=True, slots=True)
class Box:
    """The sizes and texts of an action's box, in pixels."""

    identity: str
    type: str
    section: str
    waits: bool
    title: str
    kind: str
    preview: str
    tabs: tuple[Tab, ...]
    width: float

    @property
    def head_height(self) -> float:
        """Height of the part above the tabs."""
        return 16.0 + _LINE * (3 if self.preview else 2)

    @property
    def tab_height(self) -> float:
        """Height of the tabs, the same for all."""
        return max((tab.label_height + tab.jump_height for tab in self.tabs), default=0.0)

    @property
    def height(self) -> float:
        """Height of the whole."""
        return self.head_height + self.tab_height

    def tab_center(self, branch: str) -> float:
        """Return where the middle of a branch's tab is, from the box's left side."""
        left = 0.0
        for tab in self.tabs:
            if tab.branch == branch:
                return left + tab.width / 2
            left += tab.width
        raise AssertionError(f"a tab for every branch that is drawn, {branch} included")


def box(identity: str, action: Action, jumps: Container[str] = (), overlay: Overlay | None = None) -> Box:
    """Return the box of an action, its tabs in the order of the type's branches: those that it can take, and those that are linked."""
    used = action.used_branches()
    tabs = [
        _tab(branch, action.links.get(branch), jumps=branch in jumps, note=overlay.note(identity, branch) if overlay else "")
        for branch in action.branches
        if branch in used or branch in action.links
    ]
    waits = action.waits()
    clock = _CLOCK_ROOM if waits else 0.0
    room = _WIDEST_HEAD - 2 * _SIDE - ICON_ROOM
    title, kind, preview = (
        fitted(identity, TITLE_SIZE * _BOLD, room - clock),
        fitted(action.type, TYPE_SIZE, room),
        fitted(_preview(action), TYPE_SIZE, room),
    )
    head = max(width(title, TITLE_SIZE * _BOLD) + clock, width(kind, TYPE_SIZE), width(preview, TYPE_SIZE)) + 2 * _SIDE + ICON_ROOM
    needed = sum(tab.width for tab in tabs)
    broad = max(head, needed, _NARROWEST)
    spare = (broad - needed) / max(len(tabs), 1)
    wide = tuple(replace(tab, width=tab.width + spare) for tab in tabs)
    return Box(identity, action.type, action.section, waits, title, kind, preview, wide, broad)


def _tab(branch: str, target: str | None, *, jumps: bool, note: str) -> Tab:
    lines = wrapped(branch.split("_"), TAB_SIZE, _WIDEST_TAB_LINE)
    jump = _jump(target) if jumps and target else ()
    widest = max(width(line, TAB_SIZE) for line in (*lines, *jump, note))
    return Tab(branch, target, tuple(lines), max(widest + 2 * _TAB_SIDE, _NARROWEST_TAB), jump, note)


def _jump(target: str) -> tuple[str, ...]:
    """Return an action's id in lines, broken after underscores: it must be found as it is written."""
    words = re.findall("[^_]*_|[^_]+$", target) or [target]
    lines: list[str] = []
    for word in words:
        if lines and width(lines[-1] + word, TAB_SIZE) <= _WIDEST_JUMP_LINE:
            lines[-1] += word
        else:
            lines.append(word)
    if len(lines) > _JUMP_LINES:
        lines = [*lines[: _JUMP_LINES - 1], f"{lines[_JUMP_LINES - 1]}…"]
    return tuple(fitted(line, TAB_SIZE, _WIDEST_JUMP_LINE) for line in lines)


def _preview(action: Action) -> str:
    """Return what tells the action apart from others of its type: the entity that it names, otherwise its first text."""
    mentioned = mentions(action)
    texts: Iterable[str] = (
        *(_name(reference) for _, reference in mentioned.references),
        # What is said after a wrong answer tells nothing of the question.
        *(template.source for path, template in mentioned.templates if path != "default_error_message"),
    )
    return next((short for text in texts if (short := " ".join(text.split()))), "")


def _name(reference: EntityReference) -> str:
    wanted = reference.id if reference.reference is None else reference.reference.source
    return f"→ {wanted}" if isinstance(reference, FlowReference) else str(wanted)


def leads_on(tab: Tab) -> bool:
    """Tell whether a line leads from a tab to an action."""
    return tab.target is not None and tab.target != END and not tab.jump
