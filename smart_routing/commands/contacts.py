"""`smart-routing contacts`: what is known of customers' contacts."""

import asyncio
import os

import click
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from connectors.contacts.rebuild import RebuildUnderWay
from connectors.contacts.rebuild import rebuild as build_anew
from connectors.contacts.settings import ContactsSettings
from connectors.framework.settings import SettingsError
from connectors.framework.surroundings import Surroundings
from schemas.deployment import DeploymentError


@click.group()
def contacts() -> None:
    """How often customers have been in touch, and with which agents: a projection of the journal in Redis."""


@contacts.command()
def rebuild() -> None:
    """Build all contacts anew from the journal.

    They are built aside and count at once when they are whole; until then counts go on with what is there, and connectors may run. A Redis
    that lost everything is filled again by the connector itself; this command is for doubt, and for a longer retention than before.
    """
    try:
        surroundings = Surroundings.from_environment(os.environ)
        settings = surroundings.read(ContactsSettings)
        columns = TextColumn("reading the journal"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("rebuild", total=None)
            asyncio.run(build_anew(surroundings.deployment, settings, lambda read, all_: bar.update(task, completed=read, total=all_)))
    except (SettingsError, DeploymentError, RebuildUnderWay, KafkaError, RedisError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo("Contacts are built anew and count.")
