"""`smart-routing flow retire` and `list`: which versions are in service, and taking one out of it."""

import getpass
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import click
from confluent_kafka import KafkaException
from rich.console import Console
from rich.table import Table

from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.engine.errors import DocumentRefused
from processor.flow.batch import FLOW
from processor.flow.publication import Publication
from processor.flow.publication import retire as retirement
from processor.flow.usage import users_of
from processor.runtime.in_flight import WITHIN_SEC
from processor.runtime.published import Published
from processor.runtime.publisher import PublishingFailed
from processor.runtime.publisher import publish as write
from processor.runtime.waiting import CountsUnavailable, read_waiting
from processor.runtime.worker.app import codec_of
from schemas.deployment import Deployment
from smart_routing.succession_plan import Succession, carry_out, versions_of

HASH_SHOWN = 12


@click.command()
@click.argument("reference", metavar="REF")
@click.option(
    "--in-flight",
    "choice",
    type=click.Choice(["drain", "end"]),
    default="drain",
    show_default=True,
    help="What becomes of interactions that run with it: they go on to their end, or end now.",
)
@click.option(
    "--wait", "within_sec", type=click.FloatRange(0), default=WITHIN_SEC, show_default=True, help="Seconds that the workers may take."
)
@click.option("--author", default=None, help="Who retires it; the user who runs this, unless it is given.")
@click.option("--yes", is_flag=True, help="Retire it although other definitions name it.")
def retire(reference: str, choice: Literal["drain", "end"], within_sec: float, author: str | None, yes: bool) -> None:
    """Take a flow out of service: no interaction begins with it any more.

    What comes in at an entry point that names it goes to the dead letters, and hand-overs to it take `not_found`. Its versions stay, for
    those in flight and for replay; publishing it again gives it the next version.
    """
    deployment = Deployment.from_environment()
    who, at = author or getpass.getuser(), time.time_ns() // 1_000_000
    known = DefinitionLog()

    def prepare(log: DefinitionLog) -> Publication:
        nonlocal known
        known = log
        record = retirement(log, reference, author=who, at=at)
        users = [user for user in users_of(log.newest(), FLOW, reference, reference) if user != f"flow {reference}"]
        if users and not yes:
            raise click.ClickException(
                f"flow {reference} is named by {', '.join(users)}: nothing was retired. --yes retires it all the same."
            )
        for user in users:
            click.echo(f"warning: {user} names it", err=True)
        return Publication((record,), (f"flow {reference}: version {record['version']} is retired",))

    publication = written(deployment, prepare, "nothing was retired")
    for line in publication.lines:
        click.echo(line)
    olds = versions_of(known.newest(), reference)
    if choice == "end":
        plan = Succession(olds[-1], None, tuple(olds), None)
        carry_out(deployment, known, [plan], "end", operator=who, note=f"{reference} is retired", within_sec=within_sec)


@click.command(name="list")
@click.argument("references", metavar="[REF...]", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the list as data.")
def list_flows(references: Sequence[str], as_json: bool) -> None:
    """Show the flows: versions, which is in service, who published them when, and how many interactions are in flight with each."""
    deployment = Deployment.from_environment()
    published = read_published(deployment)
    unknown = [name for name in references if name not in published.flows()]
    if unknown:
        raise click.ClickException(f"expected published flows; found {', '.join(unknown)}.")
    rows = [row for name in references or published.flows() for row in _rows(published, name)]
    try:
        waiting = read_waiting(deployment, [(row["ref"], row["version"]) for row in rows])
        for row in rows:
            row["in_flight"] = sum(waiting.get((row["ref"], row["version"]), {}).values())
    except CountsUnavailable as unavailable:
        click.echo(f"warning: how many interactions are in flight is not known: {unavailable}.", err=True)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("flow", "version", "state", "hash", "published", "by", "in flight", box=None, pad_edge=False)
    for row in rows:
        in_flight = "?" if row["in_flight"] is None else str(row["in_flight"])
        table.add_row(
            row["ref"], str(row["version"]), row["state"], row["hash"][:HASH_SHOWN], row["published_at"], row["author"], in_flight
        )
    Console().print(table)


def written(deployment: Deployment, prepare: Any, so: str) -> Publication:
    """Write a publication; what is refused is told in a sentence. `so` says what was not done."""
    try:
        return write(deployment, prepare)
    except DocumentRefused as refused:
        raise click.ClickException(f"{refused}: {so}.") from refused
    except PublishingFailed as failed:
        raise click.ClickException(str(failed)) from failed


def read_published(deployment: Deployment) -> Published:
    """Return all that is published; what this release cannot read is told."""
    try:
        published = Published.read(deployment, codec_of(deployment), action_types())
    except KafkaException as error:
        raise click.ClickException(f"The definitions could not be read: {error.args[0].str()}.") from error
    for problem in published.problems:
        click.echo(f"warning: {problem}", err=True)
    return published


def shown_time(at: int) -> str:
    """Return a time as lists show it."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(sep=" ", timespec="minutes").removesuffix("+00:00")


def _rows(published: Published, reference: str) -> list[dict[str, Any]]:
    in_service = published.log.newest().production(reference)
    rows, known = [], set()
    for record in published.versions(reference):
        version = record["version"]
        if version in known:  # a number that was taken already kept its first flow
            continue
        known.add(version)
        serves = in_service is not None and in_service.version == version
        latest = version == published.log.newest().latest_version(reference)
        rows.append(
            {
                "ref": reference,
                "version": version,
                "state": "in service" if serves else "retired" if latest else "replaced",
                "hash": record["content_hash"],
                "published_at": shown_time(record["published_at"]),
                "author": record["author"],
                "in_flight": None,
            }
        )
    return rows
