"""Ways from Start."""

from collections.abc import Iterator

from processor.engine.flow import END, START
from processor.flow.rules.facts import Facts, reachable
from processor.flow.rules.rule import Spot, flow_warning


@flow_warning("unreachable_action", "No way from Start leads to the action.", "Link it, or take it away.")
def unreachable_action(facts: Facts) -> Iterator[Spot]:
    """Look for actions that no way from Start leads to."""
    reached = reachable(facts.graph)
    for identity in facts.flow.actions:
        if identity not in reached:
            yield f"actions.{identity}", f"no way from {START} leads to this action"


@flow_warning("idle_flow", "Start leads straight to the end, so that the flow does nothing.", "Link Start to an action.")
def idle_flow(facts: Facts) -> Iterator[Spot]:
    """Look whether Start leads to the end."""
    if facts.flow.actions[START].links.get("ok") == END:
        yield f"actions.{START}.links.ok", f"{START} leads straight to `{END}`: the flow does nothing"
