"""`smart-routing flow schema`: what documents may hold, for editors."""

import json

import click

from processor.actions import action_types
from processor.flow.json_schema import DIALECT, json_schema
from processor.runtime.simulator.author_tests import AuthorTests
from processor.runtime.simulator.script import Script


@click.command()
@click.option("--tests", is_flag=True, help="The schema of test files.")
@click.option("--scripts", is_flag=True, help="The schema of scripts, which say what connectors answer.")
def schema(*, tests: bool, scripts: bool) -> None:
    """Print the JSON Schema of documents, for editors."""
    of = AuthorTests if tests else Script if scripts else None
    found = json_schema(action_types()) if of is None else {"$schema": DIALECT, **of.model_json_schema()}
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
