"""`smart-routing definitions`: the entities that flows name, as they are published."""

import getpass
import json
import time
from collections.abc import Callable

import click
import yaml
from rich.console import Console
from rich.table import Table

from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.engine.entities import KINDS
from processor.flow.entity_reader import read_entity
from processor.flow.publication import Publication, delete, prepare
from processor.flow.usage import users_of
from schemas.deployment import Deployment
from smart_routing.commands.flow_retire import read_published, shown_time, written
from smart_routing.flow_files import tell

_KIND = click.Choice(list(KINDS))
_author = click.option("--author", default=None, help="Who does it; the user who runs this, unless it is given.")


@click.group()
def definitions() -> None:
    """Show, rename or delete what flows name: queues, calendars, entry points.

    They are published with `flow publish`, as flows are.
    """


@definitions.command(name="list")
@click.argument("kind", type=_KIND, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the list as data.")
def list_definitions(kind: str | None, as_json: bool) -> None:
    """Show what is published, of one kind or of all, and who names it."""
    published = read_published(Deployment.from_environment())
    now = published.log.newest()
    rows = [
        {
            "kind": record["kind"],
            "id": record["id"],
            "reference": record["reference"],
            "hash": record["content_hash"],
            "published_at": shown_time(record["published_at"]),
            "author": record["author"],
            "named_by": users_of(now, record["kind"], record["id"], record["reference"]),
        }
        for record in published.entity_records()
        if kind in (None, record["kind"])
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("kind", "id", "reference", "published", "by", "named by", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(row[column] for column in ("kind", "id", "reference", "published_at", "author")), ", ".join(row["named_by"]))
    Console().print(table)


@definitions.command()
@click.argument("kind", type=_KIND)
@click.argument("identity", metavar="ID")
def show(kind: str, identity: str) -> None:
    """Print a published document, as YAML."""
    document = read_published(Deployment.from_environment()).document(kind, identity)
    if document is None:
        raise click.ClickException(f"expected the id of a {kind.replace('_', ' ')}; found {identity!r}.")
    click.echo(yaml.safe_dump(dict(document), allow_unicode=True, sort_keys=False), nl=False)


@definitions.command(name="delete")
@click.argument("kind", type=_KIND)
@click.argument("identity", metavar="ID")
@_author
@click.option("--yes", is_flag=True, help="Delete it although flows in service or other definitions name it.")
def delete_definition(kind: str, identity: str, author: str | None, yes: bool) -> None:
    """End a definition. Actions that name it take `reference_not_found` or `not_found` from then on."""

    def deletion(log: DefinitionLog) -> Publication:
        record = delete(log, kind, identity, author=author or getpass.getuser(), at=_now_ms())
        users = users_of(log.newest(), kind, identity, record["reference"])
        if users and not yes:
            raise click.ClickException(
                f"{kind} {record['reference']} is named by {', '.join(users)}: nothing was deleted. --yes deletes it all the same."
            )
        for user in users:
            click.echo(f"warning: {user} names it", err=True)
        return Publication((record,), (f"{kind} {record['reference']}: deleted",))

    _publish(deletion, "nothing was deleted")


@definitions.command()
@click.argument("kind", type=_KIND)
@click.argument("identity", metavar="ID")
@click.argument("reference", metavar="NEW-REFERENCE")
@_author
def rename(kind: str, identity: str, reference: str, author: str | None) -> None:
    """Give a definition another reference; its id and all else stay. What names it by the old one is told."""
    document = read_published(Deployment.from_environment()).document(kind, identity)
    if document is None:
        raise click.ClickException(f"expected the id of a {kind.replace('_', ' ')}; found {identity!r}.")

    def renaming(log: DefinitionLog) -> Publication:
        if log.newest().entity(kind, identity) != read_entity(document):
            raise click.ClickException(f"{kind} {identity} was changed meanwhile: nothing was renamed. Rename it again.")
        renamed = {**document, "reference": reference}
        return prepare([(f"{kind} {identity}", renamed)], log, action_types(), author=author or getpass.getuser(), at=_now_ms())

    _publish(renaming, "nothing was renamed")


def _publish(prepared: Callable[[DefinitionLog], Publication], so: str) -> None:
    publication = written(Deployment.from_environment(), prepared, so)
    tell(publication.warnings)
    for line in publication.lines:
        click.echo(line)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
