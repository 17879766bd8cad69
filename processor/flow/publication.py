"""From documents to the records of topic `definitions`, and back. Pure: who writes and reads the topic is elsewhere."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from processor.engine.definitions import DefinitionLog, Definitions
from processor.engine.entities import KINDS, Entity, EntryPoint
from processor.engine.errors import DocumentRefused, Fault
from processor.engine.flow import Flow
from processor.flow.batch import FLOW, Batch, BesideBatch, lint_batch, read_batch
from processor.flow.document import canonical, content_hash, load
from processor.flow.entity_reader import read_entity
from processor.flow.faults import described
from processor.flow.finding import Finding
from processor.flow.reader import ActionTypes, read
from processor.flow.usage import users_of

Record = dict[str, Any]
"""A record of schemas/avro/definition.avsc."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What publishing a batch of documents would write."""

    records: tuple[Record, ...]
    """In the order in which they must be written: entities before the flows that name them. Empty where nothing has changed."""

    lines: tuple[str, ...]
    """A sentence for each document."""

    warnings: tuple[tuple[str, Finding], ...] = ()
    """Name of the file and what the linter says of it, and of what is renamed."""

    flows: tuple[tuple[Flow | None, Flow], ...] = ()
    """Each flow that changes: its highest version so far, in service or not, and the one that it gets."""

    kept: tuple[Flow, ...] = ()
    """The versions in service of the flows that do not change."""

    entities: tuple[tuple[Entity | None, Entity], ...] = ()
    """Each entity that changes: as it is published, and as it will be."""


def prepare(
    documents: Sequence[tuple[str, Mapping[str, Any]]], log: DefinitionLog, action_types: ActionTypes, *, author: str, at: int
) -> Publication:
    """Return what publishing documents would write beside what is published; what has not changed is left out.

    Args:
        documents: name of the file and document, as `load` gives it.
        log: all that is published.
        action_types: every action type by its name.
        author: who publishes.
        at: the publisher's clock, epoch ms.

    Raises:
        DocumentRefused: one or more cannot be read, or the linter refuses them; all faults of all files.
    """
    batch = read_batch(documents, action_types)
    now = log.newest()
    findings = lint_batch(batch, log)
    faults = [*batch.faults, *_taken(batch, now), *((name, _fault(found)) for name, found in findings if found.severity == "fault")]
    if faults:
        raise DocumentRefused([in_file(name, fault) for name, fault in faults])
    by_name = dict(documents)
    records: list[Record] = []
    lines: list[str] = []
    entities: list[tuple[Entity | None, Entity]] = []
    flows: list[tuple[Flow | None, Flow]] = []
    kept: list[Flow] = []
    for name, entity in batch.entities.items():
        told = f"{entity.entity_kind} {entity.reference}"
        before = now.entity(entity.entity_kind, entity.id)
        if before == entity:
            lines.append(f"{told}: unchanged")
            continue
        records.append(_published(by_name[name], _entity(entity), author=author, at=at))
        entities.append((before, entity))
        renamed = f", renamed from {before.reference}" if before is not None and before.reference != entity.reference else ""
        lines.append(f"{told}: published{renamed}")
    findings += _left_behind(batch, BesideBatch(batch, log), entities)
    for name, flow in batch.flows.items():
        in_service = now.production(flow.reference)
        if in_service is not None and in_service.content_hash == flow.content_hash:
            lines.append(f"flow {flow.reference}: unchanged, version {in_service.version} stays in service")
            kept.append(in_service)
            continue
        latest = now.latest_version(flow.reference)
        version = latest + 1
        records.append(_published(by_name[name], _flow(flow.reference, version), author=author, at=at))
        flows.append((now.version(flow.reference, latest), dataclasses.replace(flow, version=version)))
        lines.append(f"flow {flow.reference}: published as version {version}")
    return Publication(tuple(records), tuple(lines), tuple(findings), tuple(flows), tuple(kept), tuple(entities))


def in_file(name: str, fault: Fault) -> Fault:
    """Return a fault whose path begins with the name of the file."""
    return Fault(f"{name}: {fault.path}" if fault.path else name, fault.expected, fault.found)


def retire(log: DefinitionLog, reference: str, *, author: str, at: int) -> Record:
    """Return the record that takes a flow's version out of service: interactions that run with it drain, none begins.

    Raises DocumentRefused where no version is in service.
    """
    flow = log.newest().production(reference)
    if flow is None:
        raise DocumentRefused([Fault("ref", "a flow in service", described(reference))])
    return _ended(_flow(reference, flow.version), "retired", author=author, at=at)


def delete(log: DefinitionLog, kind: str, identity: str, *, author: str, at: int) -> Record:
    """Return the record that ends an entity.

    Raises DocumentRefused where there is none.
    """
    return _ended(_entity(_known(log, kind, identity)), "deleted", author=author, at=at)


def key_of(record: Record) -> bytes:
    """Return a record's key on the topic."""
    return f"{record['kind']}:{record['id']}".encode()


def absorb(log: DefinitionLog, offset: int, record: Record, action_types: ActionTypes) -> str | None:
    """Add a decoded record of the topic to a log. What cannot be read defines nothing: it is skipped, and the problem is returned."""
    try:
        _absorb(log, offset, record, action_types)
    except DocumentRefused as refused:
        log.skip(offset)
        return f"definition {record['kind']}:{record['id']} at offset {offset} is skipped: {refused}"
    return None


def _absorb(log: DefinitionLog, offset: int, record: Record, action_types: ActionTypes) -> None:
    kind, identity = record["kind"], record["id"]
    if kind != FLOW and kind not in KINDS:
        raise DocumentRefused([Fault("kind", f"one of {', '.join((FLOW, *KINDS))}", described(kind))])
    match record["status"]:
        case "published" if kind == FLOW:
            flow = read(load(record["document"]), action_types, version=record["version"])
            _agree("id", flow.reference, identity)
            log.publish_flow(offset, flow)
        case "published":
            entity = read_entity(load(record["document"]))
            _agree("kind", entity.entity_kind, kind)
            _agree("id", entity.id, identity)
            log.publish(offset, entity)
        case "retired" if kind == FLOW:
            log.retire_flow(offset, identity, record["version"])
        case "deleted" if kind != FLOW:
            log.delete(offset, kind, identity)
        case status:
            raise DocumentRefused([Fault("status", "published, retired (flows) or deleted (others)", described(status))])


def _known(log: DefinitionLog, kind: str, identity: str) -> Entity:
    entity = log.newest().entity(kind, identity)
    if entity is None:
        raise DocumentRefused([Fault("id", f"the id of a {kind.replace('_', ' ')}", described(identity))])
    return entity


def _agree(what: str, in_document: str, in_record: str) -> None:
    if in_document != in_record:
        raise DocumentRefused([Fault(what, f"{described(in_record)}, as the record says", described(in_document))])


def _published(document: Mapping[str, Any], who: Record, *, author: str, at: int) -> Record:
    return {
        **who,
        "status": "published",
        "document": canonical(document),
        "content_hash": content_hash(document),
        "published_at": at,
        "author": author,
    }


def _ended(who: Record, status: str, *, author: str, at: int) -> Record:
    return {**who, "status": status, "document": "", "content_hash": "", "published_at": at, "author": author}


def _flow(reference: str, version: int) -> Record:
    return {"kind": FLOW, "id": reference, "reference": reference, "version": version}


def _entity(entity: Entity) -> Record:
    return {"kind": entity.entity_kind, "id": entity.id, "reference": entity.reference, "version": 0}


def _fault(found: Finding) -> Fault:
    return Fault(found.path, f"a document without {found.code}", f"{found.message}; {found.mend}")


def _taken(batch: Batch, now: Definitions) -> Iterator[tuple[str, Fault]]:
    """Refuse references and accounts that another published entity has and keeps."""
    changed = {(entity.entity_kind, entity.id) for entity in batch.entities.values()}
    for file, entity in batch.entities.items():
        other = now.by_reference(entity.entity_kind, entity.reference)
        if other is not None and other.id != entity.id and (other.entity_kind, other.id) not in changed:
            yield file, Fault("reference", "a reference that no other published entity has", f"that of {described(other.id)}")
        bound = now.entry_point(entity.channel, entity.account) if isinstance(entity, EntryPoint) else None
        if bound is not None and bound.id != entity.id and (bound.entity_kind, bound.id) not in changed:
            yield file, Fault("account", "an account that no other published entry point has", f"that of {described(bound.id)}")


def _left_behind(batch: Batch, then: Definitions, changed: Sequence[tuple[Entity | None, Entity]]) -> Iterator[tuple[str, Finding]]:
    """Warn of what goes on naming an entity by the reference that it has no longer."""
    files = {(entity.entity_kind, entity.id): name for name, entity in batch.entities.items()}
    for before, entity in changed:
        if before is None or before.reference == entity.reference:
            continue
        users = users_of(then, entity.entity_kind, "", before.reference)
        if users:
            yield (
                files[entity.entity_kind, entity.id],
                Finding(
                    "old_reference",
                    "warning",
                    "reference",
                    f"{', '.join(users)} still name{'s' if len(users) == 1 else ''} this {entity.entity_kind.replace('_', ' ')} "
                    f"`{before.reference}`, which it is no longer",
                    f"publish them with `{entity.reference}`, or keep the reference",
                ),
            )
