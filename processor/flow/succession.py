"""From one version of a flow to the next, for interactions in flight: whether a map holds, and who would have no counterpart."""

from collections.abc import Iterator, Mapping, Sequence

from processor.engine.action import Action
from processor.engine.errors import Unmigratable
from processor.engine.flow import Flow
from processor.engine.migration import counterpart
from processor.flow.faults import described, did_you_mean

Waiting = Mapping[int, Mapping[str, int]]
"""Version → action → how many interactions wait there."""


def can_wait(action: Action) -> bool:
    """Tell whether an interaction may be found waiting on an action; only one whose type never waits, or not as it is placed, is sure."""
    return type(action).waits is not Action.waits and action.waits()


def misnamed(olds: Sequence[Flow], new: Flow, actions: Mapping[str, str]) -> Iterator[str]:
    """Give what is wrong with a map of actions in itself: names that no version has."""
    known = list(dict.fromkeys(identity for flow in olds for identity in flow.actions))
    for old, wanted in actions.items():
        if old not in known:
            yield f"expected an action of a version in flight{did_you_mean(old, known)}; found {described(old)}"
        if wanted not in new.actions:
            yield f"expected an action of the new version for `{old}`{did_you_mean(wanted, new.actions)}; found {described(wanted)}"


def stranded(olds: Sequence[Flow], new: Flow, actions: Mapping[str, str], waiting: Waiting | None) -> Iterator[str]:
    """Give where interactions wait, or may wait where that is not known, that could not go on with the new version, and why."""
    for flow in olds:
        counts = waiting.get(flow.version, {}) if waiting is not None else None
        for identity, action in flow.actions.items():
            count = counts.get(identity, 0) if counts is not None else None
            if count == 0 or (count is None and not can_wait(action)):
                continue
            try:
                counterpart(flow, new, identity, actions)
            except Unmigratable as reason:
                yield f"version {flow.version}{f', {count} in flight' if count is not None else ''}: {reason}"
