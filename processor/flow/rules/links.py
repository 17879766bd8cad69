"""Branches and where they lead."""

from collections.abc import Iterator
from typing import Final

from processor.engine.action import SUCCESSES
from processor.flow.rules.facts import Facts
from processor.flow.rules.rule import Spot, flow_warning

_SILENCE: Final = "response_time_exceeded"

_PACED: Final = frozenset({"maximum_attempts_reached", "maximum_distributions_reached"})
"""Failures that a limit of their own comes before."""


@flow_warning(
    "unlinked_branch",
    "A branch that the action can take leads nowhere: it ends the routing as `unlinked_branch`.",
    "Link it to an action, or to `end` where the routing may end.",
)
def unlinked_branch(facts: Facts) -> Iterator[Spot]:
    """Look for branches without a link among those that a placed action can take."""
    for identity, action in facts.flow.actions.items():
        for branch in action.used_branches():
            if branch not in action.links and branch != _SILENCE:
                yield f"actions.{identity}.links.{branch}", f"branch `{branch}` of `{identity}` leads nowhere"


@flow_warning(
    "unlinked_timeout",
    "Nothing is said of a customer who stays silent: silence takes the failure branch, with reason `timeout`.",
    "Link `response_time_exceeded`, if only to where the failure branch leads.",
)
def unlinked_timeout(facts: Facts) -> Iterator[Spot]:
    """Look for questions whose silence is not linked."""
    for identity, action in facts.flow.actions.items():
        if _SILENCE in action.used_branches() and _SILENCE not in action.links:
            yield f"actions.{identity}.links.{_SILENCE}", f"silence takes branch `{action.failure}` of `{identity}`, with reason `timeout`"


@flow_warning(
    "unlimited_retry",
    "A failure branch leads straight back to the action: what goes on failing is tried again without end.",
    "Lead it through an action of type `check_passages`, or elsewhere.",
)
def unlimited_retry(facts: Facts) -> Iterator[Spot]:
    """Look for failures that lead to the action that failed; without a wait in it they are cycles of their own."""
    for identity, action in facts.flow.actions.items():
        if not action.waits():
            continue
        for branch, target in action.links.items():
            if target == identity and branch not in SUCCESSES and branch not in _PACED:
                yield f"actions.{identity}.links.{branch}", f"branch `{branch}` of `{identity}` leads back to it, as often as it fails"
