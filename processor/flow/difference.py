"""What a new version of a flow or an entity changes: actions, parameters and links, as data and as lines for people."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from operator import eq
from typing import Any, Final

from pydantic import BaseModel

from processor.engine.action import Action
from processor.engine.entities import Entity
from processor.engine.flow import Flow
from processor.engine.template import Template
from processor.flow.faults import below, described, shortened

_NOTHING: Final = object()

_IN_COMMON: Final = 20
"""Characters shown of what two long texts have in common before they differ."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is another one, is new, or is gone."""

    path: str
    """Below the action, the flow or the entity, as `questions[0].field`."""

    before: str | None
    """As people are shown it; None where there was nothing."""

    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.path}: {self.after}"
        if self.after is None:
            return f"- {self.path}: {self.before}"
        return f"~ {self.path}: {self.before} → {self.after}"


@dataclass(frozen=True, slots=True)
class ActionChange:
    """What becomes of one action."""

    before: str | None
    """Its id in the old version; None where it is new."""

    after: str | None
    """Its id in the new version; None where it goes."""

    type: str
    """Its type; where that changes, `old → new`."""

    parameters: tuple[Change, ...] = ()
    links: tuple[Change, ...] = ()

    @property
    def sign(self) -> str:
        """`+` for one that is new, `-` for one that goes, `~` for one that changes."""
        return "+" if self.before is None else "-" if self.after is None else "~"

    @property
    def name(self) -> str:
        """Its id, where it is renamed both."""
        return " → ".join(dict.fromkeys(name for name in (self.before, self.after) if name is not None))


@dataclass(frozen=True, slots=True)
class FlowDifference:
    """What a version of a flow changes beside the one before."""

    header: tuple[Change, ...]
    """Name, type, time zone, locale, country and variables."""

    actions: tuple[ActionChange, ...]
    """Those that change, in the order of the new version, then those that go."""

    def lines(self) -> Iterator[str]:
        """Give what changes, a line each, what belongs to an action indented below it."""
        for change in self.header:
            yield str(change)
        for action in self.actions:
            yield f"{action.sign} {action.name} ({action.type})"
            yield from (f"    {change}" for change in action.parameters)
            yield from (f"    {_link(change)}" for change in action.links)


def flow_difference(before: Flow | None, after: Flow, renamed: Mapping[str, str] | None = None) -> FlowDifference:
    """Return what a flow changes beside another version of it; with None for that one, all is new.

    `renamed` says by which id an action of the old version goes on, where not by its own.
    """
    if before is None:
        return FlowDifference((), tuple(ActionChange(None, identity, action.type) for identity, action in after.actions.items()))
    came_from = {renamed.get(old, old) if renamed else old: old for old in before.actions}
    came_from |= {new: old for old, new in (renamed or {}).items() if old in before.actions}  # a name taken over goes to who was renamed
    changes = []
    for identity, action in after.actions.items():
        old = came_from.get(identity)
        changed = _action_change(old, before.actions[old], identity, action, renamed or {}) if old is not None else None
        if old is None:
            changes.append(ActionChange(None, identity, action.type))
        elif changed is not None:
            changes.append(changed)
    stays = {came_from[identity] for identity in after.actions if identity in came_from}
    gone = [ActionChange(identity, None, action.type) for identity, action in before.actions.items() if identity not in stays]
    return FlowDifference(tuple(_changes(_header(before), _header(after))), (*changes, *gone))


def entity_difference(before: Entity | None, after: Entity) -> tuple[Change, ...]:
    """Return what an entity changes beside what is published under its id; nothing where it is new."""
    return tuple(_changes(plain(before), plain(after))) if before is not None else ()


def plain(value: object) -> Any:
    """Return a parameter, an action or an entity as a document would say it; what has its default is left out."""
    match value:
        case Template():
            return value.source
        case BaseModel():
            fields = type(value).model_fields
            return {
                name: plain(given)
                for name, field in fields.items()
                if (given := getattr(value, name)) != field.get_default(call_default_factory=True) or field.is_required()
            }
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value


def _action_change(old_id: str, old: Action, new_id: str, new: Action, renamed: Mapping[str, str]) -> ActionChange | None:
    types = " → ".join(dict.fromkeys((old.type, new.type)))
    before, after = plain(old), plain(new)
    links_before = {branch: renamed.get(target, target) for branch, target in before.pop("links", {}).items()}
    links_after = after.pop("links", {})
    change = ActionChange(
        old_id, new_id, types, tuple(_changes(before, after)), tuple(_changes(links_before, links_after)),
    )  # fmt: skip
    return None if old_id == new_id and old.type == new.type and not change.parameters and not change.links else change


def _header(flow: Flow) -> dict[str, Any]:
    return {
        "name": flow.name,
        "type": flow.type,
        "timezone": flow.timezone.key,
        "locale": flow.locale,
        "country": flow.country,
        "variables": {variable: dict(fields) for variable, fields in flow.variables.items()},
    }


def _changes(before: Any, after: Any, path: str = "") -> Iterator[Change]:
    """Give what differs, as deep as both have the same shape."""
    match before, after:
        case dict(), dict():
            for key in dict.fromkeys((*before, *after)):
                yield from _changes(before.get(key, _NOTHING), after.get(key, _NOTHING), below(path, key))
        case list(), list():
            for index in range(max(len(before), len(after))):
                old, new = (side[index] if index < len(side) else _NOTHING for side in (before, after))
                yield from _changes(old, new, below(path, index))
        case str(), str() if before != after:
            yield Change(path, *map(_shown, _from_the_difference(before, after)))
        case _ if before != after:
            yield Change(path, _shown(before), _shown(after))
        case _:
            pass


def _from_the_difference(before: str, after: str) -> tuple[str, str]:
    """Return two texts without most of what they begin with in common, so that what differs is not cut off."""
    common = sum(1 for _ in takewhile(bool, map(eq, before, after)))
    if common <= _IN_COMMON or (shortened(before) == before and shortened(after) == after):
        return before, after
    start = common - _IN_COMMON
    return f"…{before[start:]}", f"…{after[start:]}"


def _shown(value: Any) -> str | None:
    if value is _NOTHING:
        return None
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return ", ".join(described(item) for item in value)
    return described(value)


def _link(change: Change) -> str:
    """Return a link's change as people read it: the branch leads somewhere else."""
    before, after = (None if side is None else side.strip('"') for side in (change.before, change.after))
    if before is None:
        return f"+ {change.path} → {after}"
    if after is None:
        return f"- {change.path} → {before}"
    return f"~ {change.path} → {after}, before {before}"
