"""`smart-routing conversation`: what an operator asks of one conversation."""

import getpass

import click

from processor.runtime import operator_requests
from processor.runtime.worker.app import codec_of
from schemas.deployment import Deployment


@click.group()
def conversation() -> None:
    """End or resume one conversation.

    The request goes through the topic `inbound`, like everything else that happens to it; `smart-routing explain` shows what became of it.
    """


@conversation.command()
@click.argument("name", metavar="CONVERSATION")
@click.option("--note", help="Why; kept in the journal.")
def end(name: str, note: str | None) -> None:
    """End the live interaction, with reason ended_by_operator; its end-of-interaction flow runs, where there is one."""
    deployment = Deployment.from_environment()
    operator_requests.end(deployment, codec_of(deployment), name, getpass.getuser(), note)
    click.echo(f"asked to end {name}")


@conversation.command()
@click.argument("name", metavar="CONVERSATION")
@click.option("--note", help="Why; kept in the journal.")
def resume(name: str, note: str | None) -> None:
    """Lift the quarantine without putting its dead letters back; `dead-letters redrive` does both."""
    deployment = Deployment.from_environment()
    operator_requests.resume(deployment, codec_of(deployment), name, getpass.getuser(), note)
    click.echo(f"asked to resume {name}")
