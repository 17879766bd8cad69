"""`smart-routing dead-letters`: what could not be applied."""

import getpass
import json

import click

from processor.runtime.dead_letters import DeadLetter, read_dead_letters
from processor.runtime.dead_letters import redrive as put_back
from processor.runtime.worker.app import codec_of
from schemas.codec import UndecodableRecord
from schemas.deployment import Deployment


@click.group(name="dead-letters")
def dead_letters() -> None:
    """Show what could not be applied, and put it back.

    A dead letter is named by where its record came from: TOPIC/PARTITION/OFFSET, such as inbound/3/1042.
    """


@dead_letters.command(name="list")
@click.option("--reason", help="Only those with this reason code.")
@click.option("--all", "everything", is_flag=True, help="Those that were put back, too.")
def list_(reason: str | None, everything: bool) -> None:
    """List dead letters, oldest first: name, reason, conversation and what was wrong."""
    deployment = Deployment.from_environment()
    for letter in read_dead_letters(deployment, codec_of(deployment)):
        if (everything or not letter.redriven) and reason in (None, letter.datum["reason"]):
            mark = "  (put back)" if letter.redriven else ""
            click.echo(f"{letter.name}  {letter.datum['reason']}  {letter.datum['conversation_id'] or '-'}  {letter.datum['detail']}{mark}")


@dead_letters.command()
@click.argument("name")
def show(name: str) -> None:
    """Show one dead letter whole: key, headers, the decoded record where it can be decoded, and its bytes."""
    deployment = Deployment.from_environment()
    codec = codec_of(deployment)
    letter = next((letter for letter in read_dead_letters(deployment, codec) if letter.name == name), None)
    if letter is None:
        raise click.ClickException(f"{name}: expected the name of a dead letter, as `dead-letters list --all` shows them; found none")
    datum = letter.datum
    for field in ("reason", "detail", "conversation_id", "timestamp", "engine"):
        click.echo(f"{field}: {datum[field]}")
    click.echo(f"put back: {'yes' if letter.redriven else 'no'}")
    click.echo(f"key: {datum['key']!r}")
    for header in datum["headers"]:
        click.echo(f"header {header['name']}: {header['value']!r}")
    try:
        record, content = codec.decode(datum["value"])
        click.echo(f"record: {record} {json.dumps(content, ensure_ascii=False, default=repr)}")
    except UndecodableRecord as error:
        click.echo(f"record: {error.detail}")
    click.echo(f"bytes: {(datum['value'] or b'').hex()}")


@dead_letters.command()
@click.argument("names", nargs=-1)
@click.option("--reason", help="All with this reason code.")
@click.option("--all", "everything", is_flag=True, help="All.")
def redrive(names: tuple[str, ...], reason: str | None, everything: bool) -> None:
    """Put dead letters back on their topics: those NAMEd, those with a reason, or all.

    What was put back before is left alone. A quarantined conversation is resumed first.
    """
    if sum((bool(names), reason is not None, everything)) != 1:
        raise click.UsageError("expected one of: NAMES, --reason, --all")

    def chosen(letter: DeadLetter) -> bool:
        return everything or letter.name in names or (reason is not None and letter.datum["reason"] == reason)

    deployment = Deployment.from_environment()
    letters = put_back(deployment, codec_of(deployment), chosen, getpass.getuser())
    for letter in letters:
        click.echo(letter.name)
    click.echo(f"{len(letters)} put back")
