"""Random flows of every type, random entities, random events: the engine never fails, its bounds hold, and the journal replays to the same
bytes."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from processor.actions import action_types
from processor.engine.action import LINKS, Action
from processor.engine.flow import Flow
from tests.engine.random_documents import DECLARED, OWN, action, entity, named_entities
from tests.engine.walk import HAPPENINGS, Walk
from tests.flows import Document, flow_of

PLACES = [f"a{number}" for number in range(6)]
VARIABLES = {
    "main": DECLARED,
    "other": {**DECLARED, "v": {**OWN, "text": "long_text", "date": "text"}, "w": {"text": "long_text"}},
    "goodbye": {**DECLARED, "order": {**DECLARED["order"], "number": "text"}, "v": {**OWN, "number": "text", "flag": "text"}},
}
GIVEN = [
    {"variable": "order", "field": "number", "new_value": 1042},
    {"variable": "order", "field": "date", "new_value": "2026-03-02T10:00:00+01:00"},
    {"variable": "contact", "field": "name", "new_value": "Ada"},
    {"variable": "contact", "field": "email", "new_value": "ada@example.org"},
    {"variable": "contact", "field": "phone", "new_value": "+33612345678"},
    {"variable": "v", "field": "text", "new_value": "{{ message.text }}"},
    {"variable": "v", "field": "number", "new_value": 12.5},
]
"""What the examples expect to find."""

REJECTIONS = {"no_production_version", "quarantined", "unknown_conversation"}
Draw = Callable[[st.SearchStrategy[Any]], Any]


def flow(draw: Draw, reference: str, first: str | None = None) -> Flow:
    """Return a flow of six actions, the first of them of a type."""
    actions: dict[str, Document | Action] = {"given": {"type": "assign_variables", "variables": GIVEN, "links": {"ok": PLACES[0]}}}
    for number, place in enumerate(PLACES):
        name = first if first is not None and number == 0 else draw(st.sampled_from([name for name in action_types() if name != "start"]))
        # Mostly onwards: what turns in circles without a wait is soon stopped.
        onwards = [*PLACES[number + 1 :], "end"]
        branches = [branch for branch in action_types()[name].branches if branch not in LINKS[3:-1]]
        linked = draw(st.lists(st.sampled_from([*onwards * 8, *PLACES, None]), min_size=len(branches), max_size=len(branches)))
        links = {branch: target for branch, target in zip(branches, linked, strict=True) if target is not None}
        actions[place] = action(draw, action_types()[name], links)
    return flow_of(
        actions,
        reference=reference,
        type="end_of_interaction" if reference == "goodbye" else "start",
        variables=VARIABLES[reference],
        locale=draw(st.sampled_from(["fr", "en", "de"])),
        timezone=draw(st.sampled_from(["Europe/Paris", "America/New_York", "Pacific/Apia"])),
    )


@st.composite
def walks(draw: Draw, first: str | None = None) -> Walk:
    """Return a conversation that has been through a handful of events."""
    flows = [flow(draw, "main", first), flow(draw, "other"), flow(draw, "goodbye")]
    entities = list(named_entities())
    changes = [entity(draw, known) for known in draw(st.lists(st.sampled_from(entities), max_size=3))]
    walk = Walk(flows, entities, changes)
    walk.happen("say")
    walk.happen("respond", draw(st.integers(0, 2**32 - 1)))
    for happening in draw(st.lists(HAPPENINGS, min_size=5, max_size=20)):
        walk.happen(*happening)
    return walk


@pytest.mark.parametrize("action_type", [name for name in action_types() if name != "start"])
def test_random_flows_under_random_events_never_fail_and_replay_byte_for_byte(action_type: str) -> None:
    taken: Counter[tuple[str, str | None]] = Counter()

    @settings(max_examples=12, phases=[Phase.generate])  # an example is large: to make it smaller takes many minutes
    @given(walks(action_type))
    def walked(walk: Walk) -> None:
        assert walk.rejected <= REJECTIONS
        walk.replay()
        misfits = [misfit for flow in walk.flows for placed in flow.actions.values() for misfit in placed.misfits(walk.log.newest())]
        assert all(misfit.code and misfit.expected and misfit.found for misfit in misfits)
        taken.update(walk.taken)

    walked()
    assert {found for found, _ in taken} >= {action_type}
