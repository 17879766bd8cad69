"""`smart-routing crm`: cards of directories, in and out of files."""

from pathlib import Path
from typing import BinaryIO

import click

from connectors.crm.importing import directory_cards
from smart_routing.record_files import FILE, IF_EMPTY, OUTPUT, export_file, import_file


@click.group()
def crm() -> None:
    """Bring customers' cards in from files, and out again.

    NAME is the reference of a directory, such as contacts, or that of a CRM V2 and its object, such as sales/lead. A file is
    CSV in UTF-8: first a line with names of fields, then one for each card; values are written as for `smart-routing databases`.
    """


@crm.command(name="import")
@click.argument("name")
@FILE
@IF_EMPTY
def import_cards(name: str, file: Path, *, if_empty: bool) -> None:
    """Add the cards of FILE: all of them, or none where one does not fit, or has a unique value that another has."""
    click.echo(f"{import_file(directory_cards, name, file, if_empty=if_empty)} cards added")


@crm.command(name="export")
@click.argument("name")
@OUTPUT
def export_cards(name: str, output: BinaryIO) -> None:
    """Write all cards, the oldest first. What is a formula to spreadsheets gets an apostrophe."""
    export_file(directory_cards, name, output)
