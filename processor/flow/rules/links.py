"""Branches and where they lead."""

from collections.abc import Iterator

from processor.flow.finding import Finding
from processor.flow.rules.facts import Facts


def unlinked_branch(facts: Facts) -> Iterator[Finding]:
    """Warn of branches that a placed action can take and that lead nowhere."""
    for identity, action in facts.flow.actions.items():
        for branch in action.used_branches():
            if branch not in action.links:
                yield Finding(
                    "unlinked_branch",
                    "warning",
                    f"actions.{identity}.links.{branch}",
                    f"branch `{branch}` of `{identity}` leads nowhere",
                    "link it to an action, or to `end` where the routing may end",
                )
