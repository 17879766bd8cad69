"""`smart-routing explain`: one conversation's story."""

import click

from processor.actions import action_types
from processor.runtime.definition_reader import DefinitionReader
from processor.runtime.story import tell
from processor.runtime.topic_log import read_topic
from processor.runtime.worker.app import codec_of
from schemas.conversation import conversation_id
from schemas.deployment import Deployment
from schemas.topics import partition_of


@click.command()
@click.argument("conversation", required=False)
@click.option("--customer", nargs=3, metavar="CHANNEL ACCOUNT ADDRESS", help="Name the conversation by its three parts instead.")
def explain(conversation: str | None, customer: tuple[str, str, str] | None) -> None:
    """Tell what happened in one conversation: every event, step, variable and message, from the journal alone.

    CONVERSATION is its id.
    """
    deployment = Deployment.from_environment()
    if (conversation is None) == (customer is None):
        raise click.UsageError("expected either CONVERSATION or --customer")
    name = conversation or conversation_id(*(customer or ("", "", "")), key=deployment.conversation_secret())
    codec = codec_of(deployment)
    partition = partition_of(name.encode(), deployment.partitions)
    records = [record for record in read_topic(deployment, deployment.topics.journal, [partition]) if record.key == name.encode()]
    if not records:
        raise click.ClickException(f"conversation {name}: expected it in the journal; found nothing")
    reader = DefinitionReader(deployment, codec, action_types())
    reader.catch_up(60)
    reader.close()
    for line in tell(records, reader.log, codec):
        click.echo(line)
