"""Ways from Start."""

from collections.abc import Iterator

from processor.engine.flow import START
from processor.flow.finding import Finding
from processor.flow.rules.facts import Facts


def unreachable_action(facts: Facts) -> Iterator[Finding]:
    """Warn of actions that no way from Start leads to."""
    reached = {START}
    ahead = [START]
    while ahead:
        new = [target for target in facts.targets(ahead.pop()) if target not in reached]
        reached.update(new)
        ahead.extend(new)
    for identity in facts.flow.actions:
        if identity not in reached:
            yield Finding(
                "unreachable_action",
                "warning",
                f"actions.{identity}",
                f"no way from {START} leads to this action",
                "link it, or take it away",
            )
