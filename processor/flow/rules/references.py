"""What actions and entities name."""

from collections.abc import Iterator

from processor.engine.definitions import Definitions
from processor.engine.entities import KINDS, Entity
from processor.engine.parameters import EntityReference, FlowReference
from processor.flow.rules.facts import Facts, name_of
from processor.flow.rules.rule import Rule, Spot, flow_fault

Unknown = tuple[str, str, str, str, str | None]
"""Path, kind, `id` or `reference`, the name, and another kind of which there is one of that name."""


def _unknown_in_flow(facts: Facts) -> Iterator[Spot]:
    """Look for ids and constant references that no definition has; what only an interaction's variables can tell is left to the run."""
    for path, kind, name, wanted, other in _unknown(facts):
        if other is None:
            yield f"{path}.{name}", f"there is no {_told(kind)} with the {name} `{wanted}`"


def _unknown_in_entity(entity: Entity, definitions: Definitions) -> Iterator[Spot]:
    """Look for entities that this one names and that are not there."""
    for path, kind, reference in entity.named():
        known = definitions.production(reference) if kind == "flow" else definitions.by_reference(kind, reference)
        if known is None:
            yield path, f"there is no {_told(kind)} with the reference `{reference}`"


unknown_reference = Rule(
    "unknown_reference",
    "fault",
    "Nothing that is defined has this id or this reference.",
    "Publish what is named, before or together with this document, or name another.",
    _unknown_in_flow,
    _unknown_in_entity,
)


old_reference = Rule(
    "old_reference",
    "warning",
    "An entity gets another reference, and what is published goes on naming it by the one that it had; told when it is published.",
    "Publish what names it, too, or keep the reference.",
)


@flow_fault(
    "wrong_kind",
    "What is named is there, but it is a definition of another kind.",
    "Name one of the kind that the action takes.",
)
def wrong_kind(facts: Facts) -> Iterator[Spot]:
    """Look for names that a definition of another kind has."""
    for path, kind, name, wanted, other in _unknown(facts):
        if other is not None:
            yield f"{path}.{name}", f"`{wanted}` is a {_told(other)}, not a {_told(kind)}"


def _unknown(facts: Facts) -> Iterator[Unknown]:
    """Give what the flow names and nothing of its kind is called."""
    if facts.definitions is None:
        return
    for path, reference in facts.references:
        name, wanted = name_of(reference)
        if wanted and not _is_known(facts, facts.definitions, reference):
            yield path, reference.kind, name, wanted, _other_kind(facts.definitions, reference.kind, name, wanted)


def _is_known(facts: Facts, definitions: Definitions, reference: EntityReference) -> bool:
    if isinstance(reference, FlowReference):
        return facts.flow_known(name_of(reference)[1]) is not None
    return reference.known(definitions) is not None


def _other_kind(definitions: Definitions, kind: str, name: str, wanted: str) -> str | None:
    """Return a kind other than the one meant of which there is something of that name."""
    for other in KINDS:
        if other != kind and (definitions.entity(other, wanted) if name == "id" else definitions.by_reference(other, wanted)) is not None:
            return other
    return "flow" if kind != "flow" and definitions.production(wanted) is not None else None


def _told(kind: str) -> str:
    return kind.replace("_", " ")
