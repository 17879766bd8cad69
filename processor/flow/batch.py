"""Documents that are checked and published together: each may name what another one defines."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from processor.engine.definitions import DefinitionLog, Definitions
from processor.engine.entities import KINDS, Entity, EntryPoint
from processor.engine.errors import DocumentRefused, Fault
from processor.engine.flow import Flow
from processor.flow.entity_reader import read_entity
from processor.flow.faults import described, did_you_mean
from processor.flow.finding import Finding
from processor.flow.linter import lint, lint_entity
from processor.flow.reader import ActionTypes, read

FLOW: Final = "flow"

E = TypeVar("E", bound=Entity)


@dataclass(slots=True)
class Batch:
    """Documents that belong together: what they say, and what is wrong with them."""

    flows: dict[str, Flow] = field(default_factory=dict)
    """Name of the file → flow."""

    entities: dict[str, Entity] = field(default_factory=dict)
    """Name of the file → entity."""

    faults: list[tuple[str, Fault]] = field(default_factory=list)
    """Name of the file and what is wrong in it."""


def kind_of(document: Mapping[str, Any]) -> str:
    """Return what a document defines: a flow where it says nothing.

    Raises DocumentRefused for a kind that is not known.
    """
    kind = document.get("kind", FLOW)
    if isinstance(kind, str) and (kind == FLOW or kind in KINDS):
        return kind
    known = (FLOW, *KINDS)
    raise DocumentRefused([Fault("kind", f"one of {', '.join(known)}{did_you_mean(kind, known)}", described(kind))])


def read_batch(documents: Iterable[tuple[str, Mapping[str, Any]]], action_types: ActionTypes) -> Batch:
    """Read documents that belong together, each with the name of its file."""
    batch = Batch()
    for name, document in documents:
        try:
            if kind_of(document) == FLOW:
                batch.flows[name] = read(document, action_types)
            else:
                batch.entities[name] = read_entity(document)
        except DocumentRefused as refused:
            batch.faults.extend((name, fault) for fault in refused.faults)
    batch.faults.extend(_twice(batch))
    return batch


def lint_batch(batch: Batch, log: DefinitionLog) -> list[tuple[str, Finding]]:
    """Return what the linter says of each file, beside all that is published once the batch is."""
    definitions = BesideBatch(batch, log)
    found = []
    for name, entity in batch.entities.items():
        found += [(name, finding) for finding in lint_entity(entity, definitions)]
    for name, flow in batch.flows.items():
        found += [(name, finding) for finding in lint(flow, definitions)]
    return found


class BesideBatch(Definitions):
    """The newest definitions of a log, as they will be once a batch is published."""

    __slots__ = ("_batch", "_changed", "_now")

    def __init__(self, batch: Batch, log: DefinitionLog) -> None:
        """Lay a batch over a log, which stays as it is."""
        published = DefinitionLog()
        for entity in batch.entities.values():
            published.publish(published.offset + 1, entity)
        for flow in batch.flows.values():
            published.publish_flow(published.offset + 1, flow)
        self.offset = log.offset
        self._now = log.newest()
        self._batch = published.newest()
        self._changed = {(entity.entity_kind, entity.id) for entity in batch.entities.values()}

    def version(self, reference: str, version: int) -> Flow | None:
        """Return a published version, in service or not."""
        return self._now.version(reference, version)

    def latest_version(self, reference: str) -> int:
        """Return the highest production number of a flow, in service or not; 0 where there is none."""
        return self._now.latest_version(reference)

    def production(self, reference: str) -> Flow | None:
        """Return the version in service."""
        return self._batch.production(reference) or self._now.production(reference)

    def entity(self, kind: str, identity: str) -> Entity | None:
        """Return an entity by its id."""
        return self._batch.entity(kind, identity) or self._now.entity(kind, identity)

    def entities(self) -> list[Entity]:
        """Return the entities that there are, by kind and id."""
        entities = {(entity.entity_kind, entity.id): entity for entity in (*self._now.entities(), *self._batch.entities())}
        return [entity for _, entity in sorted(entities.items(), key=lambda item: item[0])]

    def by_reference(self, kind: str, reference: str) -> Entity | None:
        """Return an entity by its reference."""
        return self._batch.by_reference(kind, reference) or self._unchanged(self._now.by_reference(kind, reference))

    def entry_point(self, channel: str, account: str) -> EntryPoint | None:
        """Return what a channel account is bound to."""
        return self._batch.entry_point(channel, account) or self._unchanged(self._now.entry_point(channel, account))

    def flows(self) -> list[Flow]:
        """Return the flows in service, by reference."""
        flows = {flow.reference: flow for flow in (*self._now.flows(), *self._batch.flows())}
        return [flow for _, flow in sorted(flows.items())]

    def _unchanged(self, found: E | None) -> E | None:
        """Return what was found, unless the batch gives it another name."""
        return None if found is None or (found.entity_kind, found.id) in self._changed else found


def _names(batch: Batch) -> Iterator[tuple[str, str, str, str]]:
    """Give every name that may be there only once: file, path in it, what is named, name."""
    for file, flow in batch.flows.items():
        yield file, "ref", FLOW, flow.reference
    for file, entity in batch.entities.items():
        yield file, "id", f"{entity.entity_kind} id", entity.id
        yield file, "reference", f"{entity.entity_kind} reference", entity.reference
        if isinstance(entity, EntryPoint):
            yield file, "account", "channel account", f"{entity.channel} {entity.account}"


def _twice(batch: Batch) -> Iterator[tuple[str, Fault]]:
    """Refuse names that two documents of a batch share."""
    first: dict[tuple[str, str], str] = {}
    for file, path, what, name in _names(batch):
        other = first.setdefault((what, name), file)
        if other != file:
            yield file, Fault(path, f"a {what} that no other document has", f"{described(name)}, as in {other}")
