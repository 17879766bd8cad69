"""Entities and flows that actions name."""

from collections.abc import Iterator

from processor.engine.definitions import Definitions
from processor.engine.parameters import EntityReference, FlowReference
from processor.flow.finding import Finding
from processor.flow.rules.facts import Facts


def unknown_reference(facts: Facts) -> Iterator[Finding]:
    """Refuse ids and constant references that no definition has; what only an interaction's variables can tell is left to the run."""
    if facts.definitions is None:
        return
    for path, reference in _references(facts):
        name, wanted = _named(reference)
        if not wanted or _is_known(facts, facts.definitions, reference, name, wanted):
            continue
        kind = reference.kind.replace("_", " ")
        yield Finding(
            "unknown_reference",
            "fault",
            f"{path}.{name}",
            f"there is no {kind} with the {name} `{wanted}`",
            f"publish the {kind}, before or together with this flow, or name another",
        )


def idle_hand_over(facts: Facts) -> Iterator[Finding]:
    """Warn of hand-overs that never succeed: from and to end-of-interaction flows."""
    for path, reference in _references(facts):
        if not isinstance(reference, FlowReference):
            continue
        name, wanted = _named(reference)
        target = facts.definitions.production(wanted) if facts.definitions is not None else None
        if facts.flow.type == "end_of_interaction":
            yield Finding("idle_hand_over", "warning", path, "an end-of-interaction flow hands over to nothing", "take the action away")
        elif target is not None and target.type == "end_of_interaction":
            yield Finding(
                "idle_hand_over", "warning", f"{path}.{name}", f"`{wanted}` is an end-of-interaction flow", "name a flow of type start"
            )


def _references(facts: Facts) -> Iterator[tuple[str, EntityReference]]:
    for identity, mentioned in facts.mentions.items():
        for path, reference in mentioned.references:
            yield f"actions.{identity}.{path}", reference


def _named(reference: EntityReference) -> tuple[str, str]:
    """Return by which key an entity is named, and its name; empty where only an interaction's variables can tell."""
    if reference.reference is None:
        return "id", reference.id or ""
    return "reference", (reference.reference.constant or "").strip()


def _is_known(facts: Facts, definitions: Definitions, reference: EntityReference, name: str, wanted: str) -> bool:
    if isinstance(reference, FlowReference):  # its id is its reference; and this version is in service as soon as it is published
        return wanted == facts.flow.reference or definitions.production(wanted) is not None
    if name == "id":
        return definitions.entity(reference.kind, wanted) is not None
    return definitions.by_reference(reference.kind, wanted) is not None
