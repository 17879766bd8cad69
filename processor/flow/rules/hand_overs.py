"""Hand-overs to other flows (§ 4.2)."""

from collections.abc import Iterator

from processor.engine.flow import START, Flow
from processor.flow.rules.facts import Facts, hand_overs, name_of
from processor.flow.rules.rule import Spot, flow_warning


@flow_warning(
    "idle_hand_over",
    "A hand-over never succeeds: neither from nor to an end-of-interaction flow is there one.",
    "Name a flow of type `start`; in an end-of-interaction flow take the action away.",
)
def idle_hand_over(facts: Facts) -> Iterator[Spot]:
    """Look for hand-overs from and to end-of-interaction flows."""
    for identity, reference in hand_overs(facts.flow):
        path = f"actions.{identity}.smart_routing"
        if facts.flow.type == "end_of_interaction":
            yield path, "an end-of-interaction flow hands over to nothing"
            continue
        name, wanted = name_of(reference)
        target = facts.flow_known(wanted)
        if target is not None and target.type == "end_of_interaction":
            yield f"{path}.{name}", f"`{wanted}` is an end-of-interaction flow"


@flow_warning(
    "hand_over_cycle",
    "Flows hand over to each other and nobody waits in between: an interaction uses up its hand-overs at once.",
    "Put an action that waits on the way, such as a question, or hand over elsewhere.",
)
def hand_over_cycle(facts: Facts) -> Iterator[Spot]:
    """Look for hand-overs that lead back to this flow without a wait."""
    here = facts.flow.reference
    for identity, wanted in _hasty(facts.flow):
        way = _way_back(facts, wanted)
        if way:
            yield f"actions.{identity}.smart_routing", f"no action waits on the way {' → '.join((here, *way))}"


def _way_back(facts: Facts, first: str) -> list[str]:
    """Return the flows on a shortest way from a hand-over back to this flow; empty where there is none."""
    known = {first}
    ahead = [[first]]
    for way in ahead:
        if way[-1] == facts.flow.reference:
            return way
        flow = facts.flow_known(way[-1])
        for _, wanted in _hasty(flow) if flow is not None else ():
            if wanted not in known:
                known.add(wanted)
                ahead.append([*way, wanted])
    return []


def _hasty(flow: Flow) -> list[tuple[str, str]]:
    """Return the hand-overs that a flow can come to without a wait: action and the flow that is named."""
    reached, ahead = {START}, [START]
    for identity in ahead:
        action = flow.actions[identity]
        if not action.waits():
            new = [target for target in dict.fromkeys(action.links.values()) if target in flow.actions and target not in reached]
            reached.update(new)
            ahead.extend(new)
    return [(identity, wanted) for identity, named in hand_overs(flow) if identity in reached and (wanted := name_of(named)[1])]
