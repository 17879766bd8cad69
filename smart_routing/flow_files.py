"""The documents that `smart-routing flow` is given: loaded, and what is found in them told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from processor.engine.errors import DocumentRefused, Fault
from processor.flow.document import MAX_BYTES, load
from processor.flow.finding import Finding
from processor.flow.positions import placed
from processor.flow.rules import REFUSED

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
"""A document's file, as a parameter of a command."""

FILE_OR_FOLDER: Final = click.Path(exists=True, path_type=Path)
"""A document's file, or a folder with all that is in it."""

_SUFFIXES: Final = (".yaml", ".yml", ".json")
_BESIDE: Final = frozenset({"data", "script", "test"})
"""Kinds of documents that define nothing, and are passed over."""

Document = tuple[str, Mapping[str, Any]]
"""Name of a file, and the document in it."""

Found = tuple[str, Finding]
"""Name of a file, and what is said of it."""


@dataclass(slots=True)
class Loaded:
    """The documents of some files."""

    documents: list[Document] = field(default_factory=list)
    """Those that could be loaded."""

    found: list[Found] = field(default_factory=list)
    """The faults of the others."""

    texts: dict[str, bytes] = field(default_factory=dict)
    """Name of each file, and what stands in it."""

    def where(self, found: Sequence[Found]) -> list[Found]:
        """Return findings with their lines and columns in the files."""
        return placed(found, self.texts)


def load_files(paths: Sequence[Path]) -> Loaded:
    """Return the definitions that files and folders hold; a file that is named twice is read once.

    Raises click.ClickException where one cannot be read, or a folder holds none.
    """
    loaded = Loaded()
    for file in dict.fromkeys(_files(paths)):
        try:
            with file.open("rb") as opened:
                text = opened.read(MAX_BYTES + 1)  # one more tells that it is too large
        except OSError as error:
            raise click.ClickException(f"{file}: {error.strerror}") from error
        try:
            document = load(text)
        except DocumentRefused as refused:
            loaded.found += [(str(file), finding_of(fault)) for fault in refused.faults]
        else:
            if document.get("kind") in _BESIDE:
                continue
            loaded.documents.append((str(file), document))
        loaded.texts[str(file)] = text
    return loaded


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
        if not inside:
            raise click.ClickException(f"{path}: expected a folder with documents ({', '.join(_SUFFIXES)}), found none in it.")
        yield from inside


def finding_of(fault: Fault) -> Finding:
    """Return what the reader refused as the linter would say it."""
    return Finding(REFUSED.code, REFUSED.severity, fault.path, f"expected {fault.expected}; found {fault.found}", "")


def tell(found: Sequence[Found], *, err: bool = True) -> None:
    """Print findings, a line each: where, how bad, what, and how to mend it."""
    for name, finding in found:
        place = f"{name}:{finding.line}:{finding.column}" if finding.line is not None else name
        label = click.style(f"{finding.severity} {finding.code}:", fg="red" if finding.severity == "fault" else "yellow")
        mend = f"; {finding.mend}" if finding.mend else ""
        click.echo(f"{place}: {label} {f'{finding.path}: ' if finding.path else ''}{finding.message}{mend}", err=err)


def refuse(found: Sequence[Found], so: str) -> NoReturn:
    """Print findings and end the command; `so` says what was not done."""
    tell(found)
    raise click.ClickException(f"{summary(found)}: {so}.")


def summary(found: Sequence[Found]) -> str:
    """Return how many faults and warnings there are."""
    faults = sum(finding.severity == "fault" for _, finding in found)
    return f"{counted(faults, 'fault')}, {counted(len(found) - faults, 'warning')}"


def counted(count: int, what: str) -> str:
    """Return a number with its noun: `1 file`, `2 files`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
