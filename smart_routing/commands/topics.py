"""`smart-routing topics`: the deployment's topics, made and compared."""

import click
from rich.console import Console
from rich.table import Table

from schemas.deployment import Deployment
from schemas.topics import TopicSpec
from smart_routing.topic_admin import BROKER_DEFAULT, TopicAdmin

_SECOND = 1_000
_UNITS = (("d", 86_400 * _SECOND), ("h", 3_600 * _SECOND), ("s", _SECOND))


@click.group()
def topics() -> None:
    """Create the deployment's topics, or compare those that are there with what they should be.

    Names, partitions and addresses come from the environment: see `smart-routing --help`.
    """


_timeout = click.option("--timeout", default=15.0, show_default=True, help="Seconds to wait for the cluster.")


@topics.command()
@click.option(
    "--replication-factor",
    default=BROKER_DEFAULT,
    type=int,
    help="Copies of each partition; without it, the cluster's own default.",
)
@_timeout
def create(replication_factor: int, timeout: float) -> None:
    """Create the topics that are not there; change none.

    May be run again at any time. Ends with status 1 when a topic that is there differs in a way that matters: in its number of partitions,
    and in whether its log is compacted or timed by the broker. Other settings are the operator's to tune; where they differ, it is told.
    """
    deployment = Deployment.from_environment()
    specs = deployment.topics.specs(deployment.partitions)
    with TopicAdmin(deployment.bootstrap_servers, timeout_seconds=timeout) as admin:
        created = admin.create(specs, replication_factor=replication_factor)
        for name in created:
            click.echo(f"created {name}")
        click.echo(f"{len(created)} created, {len(specs) - len(created)} there before.")
        differences = admin.differences([spec for spec in specs if spec.name not in created])
    for difference in differences:
        click.echo(str(difference), err=True)
    if any(difference.matters for difference in differences):
        raise click.ClickException(
            "The topics named above are not those of this deployment. Is the prefix or the number of partitions another deployment's? "
            "Partitions of topics with conversations in them cannot be changed."
        )


@topics.command(name="list")
@_timeout
def list_topics(timeout: float) -> None:
    """Show every topic, how it is kept, and how it differs from what it should be."""
    deployment = Deployment.from_environment()
    specs = deployment.topics.specs(deployment.partitions)
    with TopicAdmin(deployment.bootstrap_servers, timeout_seconds=timeout) as admin:
        there = admin.partitions()
        differences = admin.differences(specs)
    table = Table("topic", "partitions", "kept", "time", box=None, pad_edge=False)
    for spec in specs:
        found = str(there[spec.name]) if spec.name in there else "missing"
        table.add_row(
            spec.name,
            found,
            _kept(spec),
            "the broker's" if spec.config.get("message.timestamp.type") == "LogAppendTime" else "the writer's",
        )
    Console().print(table)
    for difference in differences:
        click.echo(str(difference), err=True)


def _kept(spec: TopicSpec) -> str:
    if spec.config["cleanup.policy"] == "compact":
        return "the newest of each key"
    milliseconds = int(spec.config["retention.ms"])
    if milliseconds < 0:
        return "for good"
    unit, size = next((unit, size) for unit, size in _UNITS if milliseconds % size == 0)
    return f"{milliseconds // size} {unit}"
