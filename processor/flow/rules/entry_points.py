"""Flows that entry points name: what comes in where none is in service goes to the dead letters."""

from collections.abc import Iterator

from processor.engine.definitions import Definitions
from processor.engine.entities import Entity, EntryPoint
from processor.flow.rules.rule import Spot, entity_warning


@entity_warning(
    "unknown_flow", "An entry point names a flow that is not in service: what comes in goes to the dead letters.", "Publish the flow."
)
def unknown_flow(entity: Entity, definitions: Definitions) -> Iterator[Spot]:
    """Look for flows that are not in service."""
    for path, reference, _ in _named(entity):
        if definitions.production(reference) is None:
            yield path, f"no flow `{reference}` is in service"


@entity_warning(
    "unfit_flow",
    "An entry point names a flow of the wrong type.",
    "Name a flow of type `start` to open interactions, and one of type `end_of_interaction` as their tail.",
)
def unfit_flow(entity: Entity, definitions: Definitions) -> Iterator[Spot]:
    """Look for flows of another type than their place asks for."""
    for path, reference, wanted in _named(entity):
        flow = definitions.production(reference)
        if flow is not None and flow.type != wanted:
            yield path, f"`{reference}` is a flow of type {flow.type}: expected one of type {wanted}"


def _named(entity: Entity) -> Iterator[tuple[str, str, str]]:
    """Give the flows that an entry point names: path, reference and the type that it should have."""
    if isinstance(entity, EntryPoint):
        yield "flow", entity.flow, "start"
        if entity.end_of_interaction is not None:
            yield "end_of_interaction", entity.end_of_interaction, "end_of_interaction"
