"""From a document to a flow that the engine can walk, or to all of its faults at once.

What the reader refuses, no later release may refuse: published versions are read again for good. New rules belong into the linter.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from processor.engine import limits
from processor.engine.action import Action
from processor.engine.errors import DocumentRefused, Fault
from processor.engine.flow import END, START, Flow
from processor.flow.document import content_hash, load
from processor.flow.faults import below, described, did_you_mean, translated
from processor.flow.flow_document import FlowDocument
from processor.flow.mentions import mentions

ActionTypes = Mapping[str, type[Action]]
"""Every action type by its name."""


def read_text(text: str | bytes, action_types: ActionTypes, *, version: int = 0) -> Flow:
    """Return the flow of a document in YAML or JSON.

    Raises DocumentRefused with every fault.
    """
    return read(load(text), action_types, version=version)


def read(document: Mapping[str, Any], action_types: ActionTypes, *, version: int = 0) -> Flow:
    """Return the flow of a document as `load` gives it; version 0 is one in development.

    Raises DocumentRefused with every fault.
    """
    faults: list[Fault] = []
    header = _header(document, faults)
    placed = document.get("actions")
    actions = _actions(placed, action_types, faults) if isinstance(placed, dict) else {}
    faults.extend(_variable_faults(document.get("variables"), actions))
    if faults or header is None:
        raise DocumentRefused(faults)
    return Flow(
        header.ref,
        header.name or header.ref,
        version,
        header.type,
        ZoneInfo(header.timezone),
        header.locale,
        header.country,
        header.variables,
        actions,
        content_hash(document),
    )


def _header(document: Mapping[str, Any], faults: list[Fault]) -> FlowDocument | None:
    plain = dict(document)
    try:
        return FlowDocument.model_validate(plain)
    except ValidationError as error:
        faults.extend(translated(error, FlowDocument, plain))
        return None


def _actions(placed: dict[str, Any], action_types: ActionTypes, faults: list[Fault]) -> dict[str, Action]:
    """Return the actions that can be read; the faults of the others, and of how they are linked, are added."""
    actions = {}
    for identity, parameters in placed.items():
        path = below("actions", str(identity))
        if not isinstance(parameters, dict):
            continue  # the header has told
        action_type = _type(parameters.get("type"), path, action_types, faults)
        if action_type is None:
            continue
        faults.extend(_link_faults(parameters.get("links"), action_type, placed, below(path, "links")))
        own = {key: value for key, value in parameters.items() if key != "type"}
        try:
            actions[identity] = action_type.model_validate(own)
        except ValidationError as error:
            faults.extend(translated(error, action_type, own, path))
    faults.extend(_start_faults(placed))
    return actions


def _type(name: object, path: str, action_types: ActionTypes, faults: list[Fault]) -> type[Action] | None:
    known = action_types.get(name) if isinstance(name, str) else None
    if known is None:
        faults.append(Fault(below(path, "type"), f"an action type{did_you_mean(name, action_types)}", described(name)))
    return known


def _start_faults(placed: dict[str, Any]) -> Iterator[Fault]:
    if START not in placed:
        yield Fault(below("actions", START), "the action that begins, of type start", "nothing")
    for identity, parameters in placed.items():
        kind = parameters.get("type") if isinstance(parameters, dict) else None
        path = below(below("actions", str(identity)), "type")
        if kind == START and identity != START:
            yield Fault(path, f"type start only for the action with the id {START}", "one more")
        if kind is not None and kind != START and identity == START:
            yield Fault(path, f"type start for the action with the id {START}", described(kind))


def _link_faults(links: object, action_type: type[Action], placed: dict[str, Any], path: str) -> Iterator[Fault]:
    if not isinstance(links, dict):
        return  # left out, or the type has told
    for branch, target in links.items():
        if branch not in action_type.branches:
            near = did_you_mean(branch, action_type.branches)
            yield Fault(
                below(path, str(branch)), f"a branch of {action_type.type}: {', '.join(action_type.branches)}{near}", described(branch)
            )
        if isinstance(target, str) and target != END and target not in placed:
            yield Fault(below(path, str(branch)), f"the id of an action or {END}{did_you_mean(target, [*placed, END])}", described(target))


def _variable_faults(declared: object, actions: Mapping[str, Action]) -> Iterator[Fault]:
    """Give what is wrong with the variables as a whole, and writes of fields that are not declared."""
    variables = {name: fields for name, fields in declared.items() if isinstance(fields, dict)} if isinstance(declared, dict) else {}
    count = sum(len(fields) for fields in variables.values())
    if count > limits.FIELDS:
        yield Fault("variables", f"at most {limits.FIELDS} fields", str(count))
    names = [f"{variable}.{field}" for variable, fields in variables.items() for field in fields]
    for identity, action in actions.items():
        for path, target in mentions(action).targets:
            if target.field not in variables.get(target.variable, {}):
                wanted = f"{target.variable}.{target.field}"
                where = below(below(below("actions", identity), path), "field" if target.variable in variables else "variable")
                yield Fault(where, f"a declared field to write{did_you_mean(wanted, names)}", described(wanted))
