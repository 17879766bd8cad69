"""`smart-routing databases`: rows of custom databases, in and out of files."""

from pathlib import Path
from typing import BinaryIO

import click

from connectors.databases.importing import database_rows
from smart_routing.record_files import FILE, IF_EMPTY, OUTPUT, export_file, import_file


@click.group()
def databases() -> None:
    """Bring rows of custom databases in from files, and out again.

    A file is CSV in UTF-8: first a line with names of columns, then one for each row. Numbers are written as 1234.5, dates as 2026-03-01,
    times as 2026-03-01T14:30:00+01:00, phone numbers as +33612345678, truth values as true and false.
    """


@databases.command(name="import")
@click.argument("name")
@FILE
@IF_EMPTY
def import_rows(name: str, file: Path, *, if_empty: bool) -> None:
    """Add the rows of FILE to the database with the reference NAME: all of them, or none where one does not fit."""
    click.echo(f"{import_file(database_rows, name, file, if_empty=if_empty)} rows added")


@databases.command(name="export")
@click.argument("name")
@OUTPUT
def export_rows(name: str, output: BinaryIO) -> None:
    """Write all rows of the database with the reference NAME, the oldest first. What is a formula to spreadsheets gets an apostrophe."""
    export_file(database_rows, name, output)
