"""`smart-routing flow lint`: everything that is wrong with documents, or looks wrong."""

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import click

from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.flow.batch import lint_batch, read_batch
from processor.flow.finding import Finding
from processor.flow.rules import NEEDS_EVERYTHING
from processor.flow.sarif import sarif
from smart_routing.flow_files import FILE_OR_FOLDER, Found, counted, finding_of, load_files, summary, tell


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE_OR_FOLDER)
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True, help="How to tell it.")
@click.option("--complete", is_flag=True, help="The files are all there is: what they name and do not define is a fault, too.")
def lint(files: Sequence[Path], form: str, complete: bool) -> None:
    """Tell everything that is wrong with documents, or looks wrong.

    Asks no broker: what the documents name and none of them defines is looked up when they are published, or with --complete at once. Ends
    with status 1 where there is a fault, which would block publishing; a warning would not.
    """
    loaded = load_files(files)
    batch = read_batch(loaded.documents, action_types())
    found = [*loaded.found, *((name, finding_of(fault)) for name, fault in batch.faults)]
    unsure = frozenset() if complete else NEEDS_EVERYTHING
    found += [(name, finding) for name, finding in lint_batch(batch, DefinitionLog()) if finding.code not in unsure]
    order = {name: number for number, name in enumerate(loaded.texts)}
    found = sorted(loaded.where(found), key=lambda item: (order[item[0]], item[1].line, item[1].column))
    match form:
        case "json":
            click.echo(_as_json(list(loaded.texts), found))
        case "sarif":
            click.echo(json.dumps(sarif(found, version("smart-routing")), ensure_ascii=False, indent=2))
        case _:
            tell(found, err=False)
            click.echo(f"{counted(len(loaded.texts), 'file')}: {summary(found)}.")
    if any(finding.severity == "fault" for _, finding in found):
        raise SystemExit(1)


def _as_json(files: Sequence[str], found: Sequence[Found]) -> str:
    findings = [{"file": name, **{key: getattr(finding, key) for key in Finding.__struct_fields__}} for name, finding in found]
    return json.dumps({"files": files, "findings": findings}, ensure_ascii=False, indent=2)
