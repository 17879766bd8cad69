"""`smart-routing flow export` and `import`: flows with all that they depend on, as one file."""

import getpass
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click
from confluent_kafka import KafkaException

from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.engine.errors import DocumentRefused, Fault
from processor.flow.archive import MOST_BYTES, pack, unpack
from processor.flow.batch import FLOW, kind_of
from processor.flow.publication import Publication, prepare
from processor.flow.transfer import Lookup, clashes, collect, remap
from processor.runtime.published import Published
from processor.runtime.publisher import PublishingFailed, preview
from processor.runtime.publisher import publish as write
from processor.runtime.worker.app import codec_of
from schemas.deployment import Deployment
from smart_routing.flow_files import FILE, counted, load_files, refuse, tell

LARGEST_ARCHIVE = 2 * MOST_BYTES


@click.command(name="export")
@click.argument("references", metavar="REF...", nargs=-1, required=True)
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Archive to write.")
@click.option("--file", "files", multiple=True, type=FILE, help="Take documents from files; asks no broker. May be given several times.")
def export_flows(references: Sequence[str], output: Path, files: Sequence[Path]) -> None:
    """Write flows with all that they depend on into one archive.

    That is what they name by id or by a reference without variables, what those name in turn, and the flows that they hand over to, as
    published and in service. What only variables name is told, and must be added by hand where it is wanted.
    """
    look_up = _in_files(files) if files else _in_published()
    try:
        collected = collect(references, look_up, action_types())
    except DocumentRefused as refused:
        _refuse(refused, "nothing was written")
    for name in collected.open:
        click.echo(f"warning: {name} holds variables: what it names is not in the archive", err=True)
    if collected.missing:
        for name in collected.missing:
            click.echo(f"{name} is not there", err=True)
        raise click.ClickException(f"{counted(len(collected.missing), 'definition')} missing: nothing was written.")
    try:
        output.write_bytes(pack(references, collected.documents))
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from error
    for document in collected.documents:
        click.echo(_told(document))
    click.echo(f"{output}: {counted(len(collected.documents), 'document')}.")


@click.command(name="import")
@click.argument("archive", type=FILE)
@click.option("--as", "renamed", metavar="OLD=NEW", multiple=True, help="Another reference or id; `queue:OLD=NEW` for one kind only.")
@click.option("--replace", is_flag=True, help="Take over what is published with the same reference and id; flows get their next version.")
@click.option("--author", default=None, help="Who publishes; the user who runs this, unless it is given.")
@click.option("--dry-run", is_flag=True, help="Tell what would be published and what clashes; write nothing.")
def import_flows(archive: Path, renamed: Sequence[str], replace: bool, author: str | None, dry_run: bool) -> None:
    """Publish what an archive holds, all of it or none.

    A name that is published with other content, or with another id, is a clash: all of them are told, and nothing is written. Give names
    of your own with --as, which changes them wherever they stand, or take over what is there with --replace.
    """
    names = _names(renamed)
    try:
        if archive.stat().st_size > LARGEST_ARCHIVE:
            raise click.ClickException(
                f"{archive}: expected an archive of at most {LARGEST_ARCHIVE} bytes; found {archive.stat().st_size}."
            )
        content = archive.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{archive}: {error.strerror}") from error
    try:
        unpacked = unpack(content)
        documents = remap(unpacked, names, action_types())
    except DocumentRefused as refused:
        _refuse(refused, "nothing was imported")
    named = [(path, document) for (path, _), document in zip(unpacked, documents, strict=True)]
    who, at = author or getpass.getuser(), time.time_ns() // 1_000_000

    def prepared(log: DefinitionLog) -> Publication:
        found = clashes(documents, log.newest(), action_types(), replace=replace)
        for clash in found:
            click.echo(f"clash: {clash}", err=True)
        try:
            publication = prepare(named, log, action_types(), author=who, at=at)
        except DocumentRefused as refused:
            if found:  # what a clash entails is told once
                raise click.ClickException(_clashing(len(found))) from refused
            raise
        if found:
            raise click.ClickException(_clashing(len(found)))
        return publication

    try:
        publication = (preview if dry_run else write)(Deployment.from_environment(), prepared)
    except DocumentRefused as refused:
        _refuse(refused, "nothing was imported")
    except PublishingFailed as failed:
        raise click.ClickException(str(failed)) from failed
    tell(publication.warnings)
    for line in publication.lines:
        click.echo(f"would be: {line}" if dry_run else line)


def _clashing(count: int) -> str:
    return f"{counted(count, 'clash').replace('clashs', 'clashes')}: nothing was imported. Rename with --as, or take over with --replace."


def _names(renamed: Sequence[str]) -> dict[tuple[str | None, str], str]:
    names: dict[tuple[str | None, str], str] = {}
    for pair in renamed:
        old, separator, new = pair.rpartition("=")
        kind, colon, name = old.partition(":")
        if not separator or not old or not new or (colon and not name):
            raise click.BadParameter(f"expected OLD=NEW or KIND:OLD=NEW; found {pair!r}", param_hint="--as")
        try:
            key = (kind_of({"kind": kind}), name) if colon else (None, old)
        except DocumentRefused:
            key = (None, old)  # a reference may hold a colon, too
        if names.setdefault(key, new) != new:
            raise click.BadParameter(f"expected one new name for {old!r}; found {names[key]!r} and {new!r}", param_hint="--as")
    return names


def _in_published() -> Lookup:
    deployment = Deployment.from_environment()
    try:
        published = Published.read(deployment, codec_of(deployment), action_types())
    except KafkaException as error:
        raise click.ClickException(f"The definitions could not be read: {error.args[0].str()}.") from error
    now = published.log.newest()

    def look_up(kind: str, key: str, name: str) -> Mapping[str, Any] | None:
        entity = now.by_reference(kind, name) if key == "reference" and kind != FLOW else None
        if key == "reference" and kind != FLOW and entity is None:
            return None
        return published.document(kind, entity.id if entity is not None else name)

    return look_up


def _in_files(files: Sequence[Path]) -> Lookup:
    loaded = load_files(files)
    if loaded.found:
        refuse(loaded.where(loaded.found), "nothing was written")
    found: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for name, document in loaded.documents:
        try:
            kind = kind_of(document)
        except DocumentRefused as refused:
            raise click.ClickException(f"{name}: {refused}") from refused
        for key in ("id", "reference"):
            named = document.get("ref") if kind == FLOW else document.get(key)
            other = found.setdefault((kind, key, str(named)), document)
            if other is not document:
                raise click.ClickException(f"{name}: expected a {key} that no other file has; found {kind} {named!r} again.")
    return lambda kind, key, name: found.get((kind, key, name))


def _told(document: Mapping[str, Any]) -> str:
    kind = kind_of(document)
    return f"{kind} {document['ref'] if kind == FLOW else document['reference']}"


def _refuse(refused: DocumentRefused, so: str) -> NoReturn:
    faults: Sequence[Fault] = refused.faults
    for fault in faults:
        click.echo(str(fault), err=True)
    raise click.ClickException(f"{counted(len(faults), 'fault')}: {so}.") from refused
