"""`smart-routing cases`: cases that come from elsewhere."""

import asyncio
import getpass
import os
from pathlib import Path

import click
from aiokafka.errors import KafkaError

from connectors.cases.importing import ImportRefused, import_cases, read_cases
from connectors.framework.errors import Retry
from connectors.framework.settings import SettingsError
from connectors.framework.surroundings import Surroundings


@click.group()
def cases() -> None:
    """Bring cases from elsewhere."""


@cases.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--by", default=getpass.getuser, show_default="your user name", help="Who brings them, for their history.")
def import_(file: Path, by: str) -> None:
    """Open the cases of FILE, all of them or none; those whose reference is there already stay as they are.

    FILE is YAML: a list `cases`, each with reference, type, title, and perhaps status, fields, customer (channel, account, address) and
    opened_at (ISO 8601 with offset). Values are texts: put numbers and dates between quotes. The types have to be published before.
    """
    try:
        imported = asyncio.run(import_cases(Surroundings.from_environment(os.environ), read_cases(file), by))
    except (ImportRefused, SettingsError) as error:
        raise click.ClickException(str(error)) from error
    except (Retry, KafkaError) as error:
        raise click.ClickException(f"nothing was imported: {error}") from error
    click.echo(f"{imported.opened} cases were opened, {imported.there_already} were there already.")
