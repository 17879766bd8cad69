"""`smart-routing replay`: the journal applied again."""

import json
import sys

import click
from rich.console import Console
from rich.progress import Progress

from processor.actions import action_types
from processor.runtime.definition_reader import DefinitionReader
from processor.runtime.replay import Replay
from processor.runtime.topic_log import read_topic
from processor.runtime.worker.app import codec_of
from schemas.deployment import Deployment

SHOWN = 20


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as data.")
def replay(as_json: bool) -> None:
    """Apply the whole journal again and compare steps, commands and states, byte for byte.

    Needs the topics `journal` and `definitions` only. Exit code 1 where anything differs.
    """
    deployment = Deployment.from_environment()
    codec = codec_of(deployment)
    reader = DefinitionReader(deployment, codec, action_types())
    reader.catch_up(60)
    reader.close()
    again = Replay(reader.log, codec)
    records, differences = 0, []
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("replaying", total=None)
        for replayed in again.run(read_topic(deployment, deployment.topics.journal)):
            records += 1
            progress.update(task, completed=records)
            if replayed.difference is not None:
                differences.append(replayed.difference)
    if as_json:
        shown = [{name: getattr(difference, name) for name in difference.__struct_fields__} for difference in differences]
        click.echo(json.dumps({"records": records, "differences": shown, "incomplete_conversations": again.incomplete}))
    else:
        for difference in differences[:SHOWN]:
            click.echo(f"journal {difference.partition} offset {difference.offset}, conversation {difference.conversation_id}:")
            click.echo(f"    expected {difference.expected}\n    found    {difference.found}")
        click.echo(f"{records} records replayed, {len(differences)} differ")
        if again.incomplete:
            click.echo(f"{again.incomplete} conversations began before what the journal still holds and were passed over")
    sys.exit(1 if differences else 0)
