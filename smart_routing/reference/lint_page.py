"""`docs/reference/lint.md`: what the linter finds."""

from typing import Final

from processor.flow.rules import RULES
from smart_routing.reference.markdown import code, page, table

_INTRODUCTION: Final = """`smart-routing flow lint` tells these, each with its code, its place in the file and how to mend it. A fault
blocks publishing, a warning does not."""


def lint_page() -> str:
    """Return the page: faults first, each group in the order in which the linter tells them."""
    parts = []
    for severity, title in (("fault", "Faults"), ("warning", "Warnings")):
        rows = [(code(rule.code), rule.summary, rule.mend) for rule in RULES if rule.severity == severity]
        parts += [f"## {title}", table(("code", "what is wrong", "what to do"), rows)]
    return page("Lint codes", _INTRODUCTION, *parts)
