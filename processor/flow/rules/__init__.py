"""The linter's rules: each a function from what is known of a flow to findings. A new one is a function and a line in this table."""

from collections.abc import Callable, Iterable

from processor.flow.finding import Finding
from processor.flow.rules.cycles import wait_free_cycle
from processor.flow.rules.facts import Facts
from processor.flow.rules.links import unlinked_branch
from processor.flow.rules.misfits import misfit
from processor.flow.rules.reachability import unreachable_action
from processor.flow.rules.references import idle_hand_over, unknown_reference
from processor.flow.rules.variables import undeclared_read

Rule = Callable[[Facts], Iterable[Finding]]

RULES: tuple[Rule, ...] = (
    unreachable_action,
    unlinked_branch,
    wait_free_cycle,
    unknown_reference,
    idle_hand_over,
    misfit,
    undeclared_read,
)
