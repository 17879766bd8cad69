"""What the reader cannot see: whether a flow that can be walked makes sense."""

from processor.engine.definitions import Definitions
from processor.engine.flow import Flow
from processor.flow.finding import Finding
from processor.flow.rules import RULES
from processor.flow.rules.facts import Facts


def lint(flow: Flow, definitions: Definitions | None) -> list[Finding]:
    """Return what every rule finds. Rules about what a flow names need the definitions and find nothing without them."""
    facts = Facts.of(flow, definitions)
    return [finding for rule in RULES for finding in rule(facts)]
