"""Which published definitions name an entity or a flow, as far as that can be known before an interaction."""

from collections.abc import Iterator

from processor.engine.definitions import Definitions
from processor.engine.entities import Entity, EntryPoint
from processor.engine.flow import Flow
from processor.flow.batch import FLOW
from processor.flow.faults import below
from processor.flow.mentions import mentions

Named = tuple[str, tuple[str, str, str]]
"""Path; kind, by which key (`id` or `reference`), and the name."""


def named_by_flow(flow: Flow) -> Iterator[Named]:
    """Give what a flow's actions name by id or by a reference without variables."""
    for identity, action in flow.actions.items():
        for path, reference in mentions(action).references:
            where = f"{below('actions', identity)}.{path}"
            if reference.reference is None:
                yield where, (reference.kind, "id", reference.id or "")
            elif (constant := (reference.reference.constant or "").strip()) != "":
                yield where, (reference.kind, "reference", constant)


def named_by_entity(entity: Entity) -> list[tuple[str, str, str]]:
    """Return what an entity names, entities and flows: path below it, kind, reference."""
    named = list(entity.named())
    if isinstance(entity, EntryPoint):
        flows = {"flow": entity.flow, "end_of_interaction": entity.end_of_interaction}
        named += [(path, FLOW, reference) for path, reference in flows.items() if reference is not None]
    return list(dict.fromkeys(named))


def users_of(definitions: Definitions, kind: str, identity: str, reference: str) -> list[str]:
    """Return the flows in service and the entities that name an entity, each once: `flow support`, `user anna`.

    A name that is empty is not looked for.
    """
    wanted = {(kind, "id", identity), (kind, "reference", reference)} - {(kind, "id", ""), (kind, "reference", "")}
    if kind == FLOW:  # its id is its reference
        wanted = {(kind, key, identity or reference) for key in ("id", "reference")}
    found = [f"flow {flow.reference}" for flow in definitions.flows() if any(named in wanted for _, named in named_by_flow(flow))]
    return found + [
        f"{entity.entity_kind} {entity.reference}"
        for entity in definitions.entities()
        if any((of, "reference", name) in wanted for _, of, name in named_by_entity(entity))
    ]
