"""What stands in files and folders: definitions, and scripts beside them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from processor.engine.errors import DocumentRefused, Fault
from processor.flow.document import MAX_BYTES, load
from processor.flow.faults import translated
from processor.runtime.simulator.command_names import unknown_names
from processor.runtime.simulator.script import Rule, Script

Document = Mapping[str, Any]

_SUFFIXES: Final = (".yaml", ".yml", ".json")
_TESTS: Final = tuple(f".test{suffix}" for suffix in _SUFFIXES)


@dataclass(slots=True)
class Gathered:
    """The documents of some files."""

    definitions: list[tuple[str, Document]] = field(default_factory=list)
    """Name of the file, and the document in it."""

    rules: list[Rule] = field(default_factory=list)
    """The rules of all scripts."""

    scripts: list[Path] = field(default_factory=list)
    """Where the rules stand."""

    faults: list[tuple[str, Fault]] = field(default_factory=list)
    """Name of the file, and what is wrong in it."""


_BESIDE: Final = frozenset({"data", "test"})
"""Kinds of documents that define nothing, and are passed over."""


def gather(paths: Iterable[Path]) -> Gathered:
    """Return what files hold, and folders with all that is in them; a file that is named twice is read once. Tests are left out."""
    gathered = Gathered()
    for file in {path.resolve(): path for path in _files(paths)}.values():
        if (document := load_file(file, gathered.faults)) is None:
            continue
        if document.get("kind") == "script":
            gathered.rules += rules_of(document, str(file), gathered.faults)
            gathered.scripts.append(file)
        elif document.get("kind") not in _BESIDE:
            gathered.definitions.append((str(file), document))
    return gathered


def tests_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Give the test files of folders; a file that is named counts as one whatever its name."""
    for path in paths:
        yield from sorted(file for file in path.rglob("*") if file.name.endswith(_TESTS)) if path.is_dir() else (path,)


def load_file(file: Path, faults: list[tuple[str, Fault]]) -> Document | None:
    """Return the document in a file; what is wrong with it is added to the faults."""
    try:
        with file.open("rb") as opened:
            return load(opened.read(MAX_BYTES + 1))  # one more tells that it is too large
    except DocumentRefused as refused:
        faults += [(str(file), fault) for fault in refused.faults]
    except OSError as error:
        faults.append((str(file), Fault("", "a file that can be read", error.strerror or "none")))
    return None


def rules_of(document: Document, name: str, faults: list[tuple[str, Fault]]) -> list[Rule]:
    """Return the rules of a script; what is wrong with it is added to the faults."""
    plain = dict(document)
    try:
        rules = Script.model_validate(plain).rules
    except ValidationError as error:
        faults += [(name, fault) for fault in translated(error, Script, plain)]
        return []
    faults += [(name, Fault(f"rules{fault.path}", fault.expected, fault.found)) for fault in unknown_names(rules)]
    return rules


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.name.endswith(_SUFFIXES) and not file.name.endswith(_TESTS))
        else:
            yield path
