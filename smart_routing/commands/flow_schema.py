"""`smart-routing flow schema`: what documents may hold, for editors."""

import json

import click

from processor.actions import action_types
from processor.flow.json_schema import json_schema


@click.command()
def schema() -> None:
    """Print the JSON Schema of documents, for editors."""
    click.echo(json.dumps(json_schema(action_types()), ensure_ascii=False, indent=2))
