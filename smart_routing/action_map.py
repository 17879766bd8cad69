"""`--map`: which action of a new version goes on where one of an old version waits."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from processor.engine.errors import DocumentRefused, Fault
from processor.flow.document import load
from processor.flow.faults import below, described

ActionMap = Mapping[str, Mapping[str, str]]
"""Reference of the flow → old action → new action."""

_PAIR: Final = re.compile(r"(?:(?P<flow>.+):)?(?P<old>[A-Za-z][A-Za-z0-9_-]*)=(?P<new>[A-Za-z][A-Za-z0-9_-]*)")


def read_map(given: Sequence[str], flows: Sequence[str]) -> ActionMap:
    """Return the map that pairs `old=new`, `flow:old=new` and files say together; what names no flow is meant for the only one.

    A file is YAML or JSON: `old: new`, or below the reference of each flow.

    Raises click.BadParameter.
    """
    found: dict[str, dict[str, str]] = {}
    for value in given:
        for flow, old, new in _pairs(value):
            if flow is None and len(flows) != 1:
                raise click.BadParameter(f"expected the flow for `{old}={new}`, as in `{next(iter(flows), 'flow')}:{old}={new}`")
            reference = flow if flow is not None else flows[0]
            if reference not in flows:
                raise click.BadParameter(f"expected one of the flows {', '.join(flows)} for `{old}={new}`; found {described(reference)}")
            before = found.setdefault(reference, {}).setdefault(old, new)
            if before != new:
                raise click.BadParameter(f"expected one new action for `{old}` of {reference}; found `{before}` and `{new}`")
    return found


def _pairs(value: str) -> list[tuple[str | None, str, str]]:
    matched = _PAIR.fullmatch(value)
    if matched is not None:
        return [(matched["flow"], matched["old"], matched["new"])]
    path = Path(value)
    if not path.is_file():
        raise click.BadParameter(f"expected `old=new`, `flow:old=new` or a file; found {described(value)}")
    try:
        return _of_file(load(path.read_bytes()))
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}") from error
    except DocumentRefused as refused:
        raise click.BadParameter("\n".join(f"{path}: {fault}" for fault in refused.faults)) from refused


def _of_file(document: Mapping[str, object]) -> list[tuple[str | None, str, str]]:
    pairs: list[tuple[str | None, str, str]] = []
    faults = []
    for key, value in document.items():
        match value:
            case str():
                pairs.append((None, key, value))
            case dict():
                pairs += [(key, old, new) for old, new in value.items() if isinstance(new, str)]
                faults += [
                    Fault(below(key, old), "the id of an action", described(new)) for old, new in value.items() if not isinstance(new, str)
                ]
            case _:
                faults.append(Fault(key, "the id of an action, or a mapping of such", described(value)))
    if faults:
        raise DocumentRefused(faults)
    return pairs
