"""The box of one action in a drawing: a head that says what it is, and under it a tab for each branch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from processor.engine.action import SUCCESSES, Action
from processor.engine.flow import END
from processor.engine.parameters import EntityReference, FlowReference
from processor.flow.lettering import fitted, width, wrapped
from processor.flow.mentions import mentions

TITLE_SIZE: Final = 13.0
TYPE_SIZE: Final = 11.0
TAB_SIZE: Final = 10.5
TAB_LINE: Final = 12.0
MARK_ROOM: Final = 26.0
"""Room at the left of the head for the mark of an action that waits."""

_SIDE: Final = 14.0
_WIDEST_HEAD: Final = 230.0
_NARROWEST: Final = 116.0
_LINE: Final = 16.0
_TAB_SIDE: Final = 8.0
_WIDEST_TAB_LINE: Final = 62.0
_NARROWEST_TAB: Final = 38.0


@dataclass(frozen=True, slots=True)
class Tab:
    """One branch of an action."""

    branch: str
    target: str | None
    """Id of the action that it leads to, `end`, or None where it is not linked."""

    lines: tuple[str, ...]
    width: float

    @property
    def failing(self) -> bool:
        """Whether the branch is taken when something failed."""
        return self.branch not in SUCCESSES


@dataclass(frozen=True, slots=True)
class Box:
    """The sizes and texts of an action's box, in pixels."""

    identity: str
    type: str
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
        return max((len(tab.lines) * TAB_LINE + 9.0 for tab in self.tabs), default=0.0)

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

    def ordered(self, branches: Sequence[str]) -> "Box":
        """Return the box with its tabs in another order."""
        return replace(self, tabs=tuple(sorted(self.tabs, key=lambda tab: branches.index(tab.branch))))


def box(identity: str, action: Action) -> Box:
    """Return the box of an action: the branches that it can take and those that are linked."""
    used = action.used_branches()
    tabs = [_tab(branch, action.links.get(branch)) for branch in action.branches if branch in used or branch in action.links]
    mark = MARK_ROOM if action.waits() else 0.0
    room = _WIDEST_HEAD - 2 * _SIDE - mark
    title, kind, preview = (
        fitted(identity, TITLE_SIZE, room),
        fitted(action.type, TYPE_SIZE, room),
        fitted(_preview(action), TYPE_SIZE, room),
    )
    head = max(width(title, TITLE_SIZE), width(kind, TYPE_SIZE), width(preview, TYPE_SIZE)) + 2 * _SIDE + mark
    needed = sum(tab.width for tab in tabs)
    broad = max(head, needed, _NARROWEST)
    spare = (broad - needed) / max(len(tabs), 1)
    return Box(
        identity, action.type, action.waits(), title, kind, preview, tuple(replace(tab, width=tab.width + spare) for tab in tabs), broad
    )


def _tab(branch: str, target: str | None) -> Tab:
    lines = wrapped(branch.split("_"), TAB_SIZE, _WIDEST_TAB_LINE)
    widest = max(width(line, TAB_SIZE) for line in lines)
    return Tab(branch, target, tuple(lines), max(widest + 2 * _TAB_SIDE, _NARROWEST_TAB))


def _preview(action: Action) -> str:
    """Return what tells the action apart from others of its type: the entity that it names, otherwise its first text."""
    mentioned = mentions(action)
    texts: Iterable[str] = (
        *(_name(reference) for _, reference in mentioned.references),
        *(template.source for _, template in mentioned.templates),
    )
    return next((short for text in texts if (short := " ".join(text.split()))), "")


def _name(reference: EntityReference) -> str:
    wanted = reference.id if reference.reference is None else reference.reference.source
    return f"→ {wanted}" if isinstance(reference, FlowReference) else str(wanted)


def leads_on(tab: Tab) -> bool:
    """Tell whether a tab's branch leads to an action."""
    return tab.target is not None and tab.target != END
