"""Parameters beside what they name: what action types say of themselves, under codes that the linter knows."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from processor.flow.faults import below
from processor.flow.rules.facts import Facts
from processor.flow.rules.rule import Rule, Spot


def _misfit(code: str, facts: Facts) -> Iterator[Spot]:
    for identity, misfits in facts.misfits.items():
        for misfit in misfits:
            if misfit.code == code:
                yield below(f"actions.{identity}", misfit.path), f"expected {misfit.expected}; found {misfit.found}"


def _rule(code: str, summary: str, mend: str) -> Rule:
    return Rule(code, "fault", summary, mend, flow=partial(_misfit, code))


MISFITS: Final = (
    _rule("unknown_field", "A field, a column or a template variable is not among those that the definition has.", "Name one that it has."),
    _rule("missing_field", "A field that the definition requires has no value.", "Give it a value."),
    _rule("value_not_listed", "A constant value is not among those that the field allows.", "Take one from its list."),
    _rule("payment_mode", "The payment module does not allow the mode.", "Choose a mode that it allows, or another module."),
    _rule("unfit_definition", "The definition cannot be used for what the action does.", "Change the definition, or name another."),
    _rule("unknown_input", "The web service declares no such input.", "Take it away, or mend its name."),
    _rule("missing_input", "An input that the web service requires has no value.", "Give it a value."),
    _rule("unknown_output", "The web service declares no such result.", "Name one that it declares."),
)
"""What `Action.misfits` may tell."""
