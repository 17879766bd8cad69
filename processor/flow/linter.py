"""What the reader cannot see: whether a flow that can be walked makes sense, and whether an entity can be used."""

from collections.abc import Sequence

from processor.engine.definitions import Definitions
from processor.engine.entities import Entity
from processor.engine.flow import Flow
from processor.flow.finding import Finding
from processor.flow.rules import RULES, Rule
from processor.flow.rules.facts import Facts


def lint(flow: Flow, definitions: Definitions | None, rules: Sequence[Rule] = RULES) -> list[Finding]:
    """Return what every rule finds in a flow. Rules about what it names need the definitions and find nothing without them."""
    facts = Facts(flow, definitions)
    return [rule.finding(spot) for rule in rules if rule.flow is not None for spot in rule.flow(facts)]


def lint_entity(entity: Entity, definitions: Definitions, rules: Sequence[Rule] = RULES) -> list[Finding]:
    """Return what every rule finds in an entity that stands beside the definitions."""
    return [rule.finding(spot) for rule in rules if rule.entity is not None for spot in rule.entity(entity, definitions)]
