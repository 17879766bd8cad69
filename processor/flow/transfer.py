"""Flows on their way to another deployment: what they depend on, other names for it, and what there stands in the way."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from processor.engine.definitions import Definitions
from processor.engine.entities import Entity
from processor.engine.errors import DocumentRefused, Fault
from processor.engine.flow import Flow
from processor.engine.parameters import EntityReference
from processor.flow.batch import FLOW, Batch, read_batch
from processor.flow.faults import below, described
from processor.flow.mentions import mentions
from processor.flow.publication import in_file
from processor.flow.reader import ActionTypes
from processor.flow.usage import named_by_entity, named_by_flow

Document = Mapping[str, Any]
Name = tuple[str, str]
"""Kind and id; a flow's id is its reference."""

Lookup = Callable[[str, str, str], Document | None]
"""Gives the document that is named: kind, by which key (`id` or `reference`), name; None where there is none."""


@dataclass(frozen=True, slots=True)
class Collected:
    """Flows with all that they depend on."""

    documents: tuple[Document, ...]
    """Entities before the flows that name them."""

    missing: tuple[str, ...]
    """What is named but is nowhere."""

    open: tuple[str, ...]
    """References that hold variables: what they name is known only in an interaction."""


def collect(references: Sequence[str], lookup: Lookup, action_types: ActionTypes) -> Collected:
    """Return flows and, over any number of steps, what they name by id or by a reference without variables.

    Raises DocumentRefused where a flow is not there, or a document cannot be read.
    """
    found: dict[Name, Document] = {}
    missing: dict[str, None] = {}
    undecided: dict[str, None] = {}
    unknown = [Fault("ref", "the reference of a flow", described(name)) for name in references if lookup(FLOW, "reference", name) is None]
    if unknown:
        raise DocumentRefused(unknown)
    to_do: list[tuple[str, str, str, str]] = [("", FLOW, "reference", name) for name in references]
    while to_do:
        where, kind, key, name = to_do.pop()
        document = lookup(kind, key, name)
        if document is None:
            missing[f"{where}: {kind.replace('_', ' ')} `{name}`"] = None
            continue
        identity = kind, str(document["ref"] if kind == FLOW else document["id"])
        if identity in found:
            continue
        found[identity] = document
        batch = _read([document], action_types)
        for flow in batch.flows.values():
            to_do += [(f"flow {flow.reference}: {path}", *named) for path, named in named_by_flow(flow)]
            undecided |= dict.fromkeys(_open(flow))
        for entity in batch.entities.values():
            to_do += [(f"{kind} {entity.reference}: {path}", of, "reference", other) for path, of, other in named_by_entity(entity)]
    ordered = sorted(found.items(), key=lambda item: (item[0][0] == FLOW, item[0]))
    return Collected(tuple(document for _, document in ordered), tuple(missing), tuple(undecided))


def remap(
    documents: Sequence[tuple[str, Document]], renamed: Mapping[tuple[str | None, str], str], action_types: ActionTypes
) -> list[Document]:
    """Return documents with references and ids exchanged wherever they stand: as their own, and where other documents name them.

    Args:
        documents: path and document.
        renamed: kind, or None for every kind, and old name → new name.
        action_types: every action type by its name.

    Raises DocumentRefused for documents that cannot be read, and for an old name that none of them has.
    """
    batch = _read([document for _, document in documents], action_types)
    names = {(kind, name) for kind, name in _own_names(batch)}
    faults = [
        Fault("--as", f"a name that the archive has{f' for a {kind}' if kind else ''}", described(old))
        for kind, old in renamed
        if not any(name == old and kind in (None, of) for of, name in names)
    ]
    faults += [Fault("--as", "a name without `{`", described(new)) for new in renamed.values() if "{" in new]
    if faults:
        raise DocumentRefused(faults)

    def new_name(kind: str, name: str) -> str:
        if (kind, name) not in names:  # not in the archive: it stays what it is where the archive goes
            return name
        return renamed.get((kind, name), renamed.get((None, name), name))

    models: dict[str, Flow | Entity] = {**batch.flows, **batch.entities}
    changed = [_renamed(document, models[str(number)], new_name) for number, (_, document) in enumerate(documents)]
    after = _read(changed, action_types)
    for number in batch.flows:
        expected = [(path, (kind, key, new_name(kind, name))) for path, (kind, key, name) in named_by_flow(batch.flows[number])]
        assert expected == list(named_by_flow(after.flows[number])), "every name was exchanged"
    return changed


def clashes(documents: Iterable[Document], now: Definitions, action_types: ActionTypes, *, replace: bool = False) -> list[str]:
    """Return what stands in the way of publishing documents as they are: the same name with other content, or with another id.

    With `replace`, other content under the same id is none.
    """
    batch = _read(list(documents), action_types)
    found = []
    for flow in batch.flows.values():
        there = now.production(flow.reference)
        if there is not None and there.content_hash != flow.content_hash and not replace:
            found.append(f"flow {flow.reference}: version {there.version} in service has other content")
    for entity in batch.entities.values():
        kind = entity.entity_kind
        told = f"{kind} {entity.reference}"
        by_id, by_reference = now.entity(kind, entity.id), now.by_reference(kind, entity.reference)
        if by_reference is not None and by_reference.id != entity.id:
            found.append(f"{told}: the published one has the id {described(by_reference.id)}, this one {described(entity.id)}")
        if by_id is not None and by_id.reference != entity.reference:
            found.append(f"{told}: the published one with the id {described(entity.id)} has the reference {described(by_id.reference)}")
        elif by_id is not None and by_id != entity and not replace:
            found.append(f"{told}: the published one has other content")
    return found


def _read(documents: Sequence[Document], action_types: ActionTypes) -> Batch:
    """Return documents as a batch, each named by its number. Raises DocumentRefused."""
    batch = read_batch([(str(number), document) for number, document in enumerate(documents)], action_types)
    if batch.faults:
        raise DocumentRefused([in_file(_told(documents[int(number)]), fault) for number, fault in batch.faults])
    return batch


def _told(document: Document) -> str:
    return f"{document.get('kind', FLOW)} {described(document.get('ref', document.get('id')))}"


def _own_names(batch: Batch) -> Iterator[Name]:
    for flow in batch.flows.values():
        yield FLOW, flow.reference
    for entity in batch.entities.values():
        yield entity.entity_kind, entity.id
        yield entity.entity_kind, entity.reference


def _open(flow: Flow) -> Iterator[str]:
    for identity, action in flow.actions.items():
        for path, reference in mentions(action).references:
            if reference.reference is not None and reference.reference.constant is None:
                yield f"flow {flow.reference}: {below('actions', identity)}.{path}: `{reference.reference.source}`"


def _renamed(document: Document, model: Flow | Entity, new_name: Callable[[str, str], str]) -> Document:
    copy = deepcopy(dict(document))
    if isinstance(model, Flow):
        copy["ref"] = new_name(FLOW, model.reference)
        for identity, action in model.actions.items():
            _exchange(action, copy["actions"][identity], new_name)
        return copy
    copy["id"], copy["reference"] = new_name(model.entity_kind, model.id), new_name(model.entity_kind, model.reference)
    for path, kind, reference in named_by_entity(model):
        *keys, last = [int(key) if key.isdigit() else key for key in re.findall(r"[^.\[\]]+", path)]
        inside: Any = copy
        for key in keys:
            inside = inside[key]
        assert inside[last] == reference, f"{path} is where {kind} {reference} is named"
        inside[last] = new_name(kind, reference)
    return copy


def _exchange(value: object, raw: Any, new_name: Callable[[str, str], str]) -> None:
    """Exchange the names in a raw document beside what was read of it."""
    match value:
        case EntityReference(id=str() as identity):
            raw["id"] = new_name(value.kind, identity)
        case EntityReference(reference=template) if template is not None and (constant := (template.constant or "").strip()):
            raw["reference"] = new_name(value.kind, constant)
        case BaseModel():
            for name in type(value).model_fields:
                if name in raw:
                    _exchange(getattr(value, name), raw[name], new_name)
        case Mapping():
            for key, item in value.items():
                _exchange(item, raw[key], new_name)
        case list() | tuple():
            for item, given in zip(value, raw, strict=True):
                _exchange(item, given, new_name)
        case _:
            pass
