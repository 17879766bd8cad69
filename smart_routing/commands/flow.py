"""`smart-routing flow`: documents checked, published, drawn and described."""

import getpass
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.engine.errors import DocumentRefused, Fault
from processor.flow.batch import lint_batch, read_batch
from processor.flow.document import load
from processor.flow.drawing import draw as drawing_of
from processor.flow.finding import Finding
from processor.flow.json_schema import json_schema
from processor.flow.publication import prepare
from processor.flow.reader import read
from processor.runtime.publisher import PublishingFailed
from processor.runtime.publisher import publish as write
from schemas.deployment import Deployment

_NEEDS_THE_PUBLISHED = frozenset({"unknown_reference", "unknown_flow"})
"""Findings that are only sure beside everything that is published."""

_File = click.Path(exists=True, dir_okay=False, path_type=Path)

Document = tuple[str, Mapping[str, Any]]
Found = tuple[str, Finding]
"""Name of a file, and what is said of it."""


@click.group()
def flow() -> None:
    """Check, publish and draw flows.

    A file holds one document in YAML or JSON: a flow, or with the key `kind` an entry_point, a checkpoint or a web_service. Documents that
    name each other are checked and published together.
    """


@flow.command()
@click.argument("files", nargs=-1, required=True, type=_File)
@click.option("--json", "as_json", is_flag=True, help="Print what is found as data.")
def check(files: Sequence[Path], as_json: bool) -> None:
    """Tell everything that is wrong with documents, or looks wrong.

    Asks no broker: what the documents name and none of them defines is looked up when they are published. Ends with status 1 where there is
    a fault, which would block publishing; a warning would not.
    """
    documents, found = _loaded(files)
    batch = read_batch(documents, action_types())
    found += [(name, _of_fault(fault)) for name, fault in batch.faults]
    found += [(name, finding) for name, finding in lint_batch(batch, DefinitionLog()) if finding.code not in _NEEDS_THE_PUBLISHED]
    if as_json:
        shown = [{"file": name, **{key: getattr(finding, key) for key in Finding.__struct_fields__}} for name, finding in found]
        click.echo(json.dumps({"files": [str(file) for file in files], "findings": shown}, ensure_ascii=False, indent=2))
    else:
        _tell(found, err=False)
        click.echo(f"{_counted(len(files), 'file')}: {_summary(found)}.")
    if _blocks(found):
        raise SystemExit(1)


@flow.command()
@click.argument("files", nargs=-1, required=True, type=_File)
@click.option("--author", default=None, help="Who publishes; the user who runs this, unless it is given.")
def publish(files: Sequence[Path], author: str | None) -> None:
    """Publish documents, all of them or none.

    A flow becomes the next production version of its reference and is frozen; interactions that run keep the version that they started
    with. What has not changed is left as it is. Documents that name each other are published together.
    """
    documents, found = _loaded(files)
    if found:
        found += [(name, _of_fault(fault)) for name, fault in read_batch(documents, action_types()).faults]
        _refuse(found, "nothing was published")
    deployment = Deployment.from_environment()
    now_ms, who = time.time_ns() // 1_000_000, author or getpass.getuser()
    try:
        publication = write(deployment, lambda log: prepare(documents, log, action_types(), author=who, at=now_ms))
    except DocumentRefused as refused:
        click.echo(str(refused), err=True)
        raise click.ClickException(f"{_counted(len(refused.faults), 'fault')}: nothing was published.") from refused
    except PublishingFailed as failed:
        raise click.ClickException(str(failed)) from failed
    _tell(publication.warnings)
    for line in publication.lines:
        click.echo(line)


@flow.command()
@click.argument("file", type=_File)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; standard output without it.")
def draw(file: Path, output: Path | None) -> None:
    """Draw a flow as SVG."""
    documents, found = _loaded([file])
    if found:
        _refuse(found, "nothing was drawn")
    try:
        drawn = drawing_of(read(documents[0][1], action_types()))
    except DocumentRefused as refused:
        _refuse([(str(file), _of_fault(fault)) for fault in refused.faults], "nothing was drawn")
    if output is None:
        click.echo(drawn, nl=False)
    else:
        output.write_text(drawn, "utf-8")


@flow.command()
def schema() -> None:
    """Print the JSON Schema of documents, for editors."""
    click.echo(json.dumps(json_schema(action_types()), ensure_ascii=False, indent=2))


def _loaded(files: Sequence[Path]) -> tuple[list[Document], list[Found]]:
    """Return the documents that can be loaded, and the faults of the others."""
    documents: list[Document] = []
    found: list[Found] = []
    for file in files:
        try:
            documents.append((str(file), load(file.read_bytes())))
        except DocumentRefused as refused:
            found += [(str(file), _of_fault(fault)) for fault in refused.faults]
        except OSError as error:
            raise click.ClickException(f"{file}: {error.strerror}") from error
    return documents, found


def _of_fault(fault: Fault) -> Finding:
    return Finding("refused", "fault", fault.path, f"expected {fault.expected}; found {fault.found}", "")


def _refuse(found: Sequence[Found], so: str) -> NoReturn:
    _tell(found)
    raise click.ClickException(f"{_summary(found)}: {so}.")


def _tell(found: Sequence[Found], *, err: bool = True) -> None:
    for name, finding in found:
        label = click.style(f"{finding.severity}:", fg="red" if finding.severity == "fault" else "yellow")
        mend = f" ({finding.mend})" if finding.mend else ""
        click.echo(f"{name}: {label} {f'{finding.path}: ' if finding.path else ''}{finding.message}{mend}", err=err)


def _summary(found: Sequence[Found]) -> str:
    faults = sum(finding.severity == "fault" for _, finding in found)
    return f"{_counted(faults, 'fault')}, {_counted(len(found) - faults, 'warning')}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _blocks(found: Sequence[Found]) -> bool:
    return any(finding.severity == "fault" for _, finding in found)
