"""Parameters beside what they name."""

from collections.abc import Iterator

from processor.flow.faults import below
from processor.flow.finding import Finding
from processor.flow.rules.facts import Facts


def misfit(facts: Facts) -> Iterator[Finding]:
    """Refuse parameters that do not fit the definitions that the action names, as the action type tells."""
    if facts.definitions is None:
        return
    for identity, action in facts.flow.actions.items():
        for fault in action.misfits(facts.definitions):
            where = below(f"actions.{identity}", fault.path)
            yield Finding(
                fault.code, "fault", where, f"expected {fault.expected}; found {fault.found}", "change it, or what the action names"
            )
