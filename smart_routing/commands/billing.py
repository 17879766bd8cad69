"""`smart-routing billing`: invoices brought in from files."""

import asyncio
import os
from pathlib import Path

import click

from connectors.billing import invoice_store
from connectors.billing.imported import Unimportable, read
from connectors.billing.new_invoice import NewInvoice
from connectors.framework.errors import Retry
from connectors.framework.settings import SettingsError
from connectors.framework.surroundings import Surroundings
from connectors.sql.database import opened


@click.group()
def billing() -> None:
    """Look after invoices."""


@billing.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Add the invoices of FILE to the SQL store, or change those that are there already (by `id`, else by `number`): all of them or none.

    FILE is YAML, JSON or CSV. Each invoice has number, amount and currency, and may have id, status, customer_number, name, email,
    mobile_phone, landline_phone, issued_on and due_on. An invoice that was paid by a payment stays paid.
    """
    try:
        added, changed = asyncio.run(_put(Surroundings.from_environment(os.environ), read(file)))
    except (Unimportable, SettingsError) as error:
        raise click.ClickException(str(error)) from error
    except Retry as error:
        raise click.ClickException(f"{error.detail} SMART_ROUTING_SQL_URL says where it is.") from error
    click.echo(f"{added} added, {changed} changed.")


async def _put(surroundings: Surroundings, invoices: list[NewInvoice]) -> tuple[int, int]:
    async with opened(surroundings, "billing") as database, database.writing() as connection:
        return await invoice_store.put(connection, invoices)
