"""Counted passages and contacts (§§ 6.8, 6.9)."""

from collections.abc import Iterator

from processor.actions.check_nth_contact import CheckNthContact
from processor.actions.check_passages import CheckPassages
from processor.actions.distribution_to_smart_routing import DistributionToSmartRouting
from processor.engine.action import LINKS, Action
from processor.engine.flow import END
from processor.flow.rules.facts import Facts, reachable
from processor.flow.rules.rule import Spot, flow_warning


@flow_warning(
    "passages_without_exit",
    "A count of passages limits nothing: past the maximum, too, every way leads back to it.",
    "Lead branch `greater` out of the loop.",
)
def passages_without_exit(facts: Facts) -> Iterator[Spot]:
    """Look for limits whose branch `greater` leads where the other one leads, or nowhere but back; with the reset that may be meant."""
    for identity, action in facts.flow.actions.items():
        past = action.links.get("greater", END) if isinstance(action, CheckPassages) else END
        if not isinstance(action, CheckPassages) or past == END:
            continue
        where = f"actions.{identity}.links.greater"
        if past == action.links.get("less_than_or_equal"):
            yield where, f"both branches of `{identity}` lead to `{past}`, so that the maximum changes nothing"
        elif not action.reset_the_counter and not _leaves(facts, past, identity):
            yield where, f"every way from `{past}` leads back to `{identity}`"


def _leaves(facts: Facts, first: str, counter: str) -> bool:
    """Tell whether some way from an action leads out of the flow, or into a loop of its own, without passing the counter."""
    inside = reachable(facts.graph, first, without=counter)
    return not any(counter in facts.graph[identity] for identity in inside) or any(
        _ends(facts.flow.actions[identity]) for identity in inside
    )


def _ends(action: Action) -> bool:
    """Tell whether the flow can end with an action."""
    unlinked = set(action.used_branches()) - action.links.keys()
    return END in action.links.values() or bool(unlinked) or isinstance(action, DistributionToSmartRouting)


@flow_warning(
    "thresholds_out_of_order",
    "Thresholds do not grow from link to link: of equal ones only the first link is ever taken, and others are hard to read.",
    "Order them from the smallest to the largest, each once.",
)
def thresholds_out_of_order(facts: Facts) -> Iterator[Spot]:
    """Look for thresholds that are not above the ones before."""
    for path, action in facts.actions:
        highest, of_link = -1, ""
        for link in LINKS if isinstance(action, CheckNthContact) else ():
            threshold = getattr(action, link)
            if threshold is None:
                continue
            if threshold <= highest:
                yield f"{path}.{link}", f"{threshold} is not above {highest}, the threshold of {of_link}"
            else:
                highest, of_link = threshold, link
