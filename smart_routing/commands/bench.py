"""`smart-routing bench`: the engine against its peers."""

import json
import signal

import click
import msgspec
from confluent_kafka import KafkaException
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bench.contender import CONTENDERS, BenchFailed
from bench.report import Report, shown
from bench.run import Plan, run
from schemas.deployment import Deployment


def _address(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return Deployment(bootstrap_servers=value).bootstrap_servers
    except ValueError:
        raise click.BadParameter(f"expected host:port, several separated by commas; found {value!r}") from None


@click.command()
@click.option("--events", default=90_000, show_default=True, type=click.IntRange(300), help="Messages measured for each contender.")
@click.option("--laps", default=3, show_default=True, type=click.IntRange(1, 100), help="Laps by turns; the median of them counts.")
@click.option("--partitions", default=4, show_default=True, type=click.IntRange(1, 100), help="Partitions of every topic.")
@click.option("--batch", default=1_000, show_default=True, type=click.IntRange(1, 20_000), help="Most events in one transaction.")
@click.option("--latency-seconds", default=10.0, show_default=True, type=click.FloatRange(1), help="Seconds of sending at half load.")
@click.option("--only", multiple=True, type=click.Choice(list(CONTENDERS)), help="Leave the others out. May be given more than once.")
@click.option("--kafka", callback=_address, metavar="ADDRESS", help="Use this Kafka, host:port, instead of starting one.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as data.")
def bench(
    *, events: int, laps: int, partitions: int, batch: int, latency_seconds: float, only: tuple[str, ...], kafka: str | None, as_json: bool
) -> None:
    """Measure the engine against its peers: the same messages and the same flow on the same Kafka, each in a process of its own.

    engine: a worker with a published flow. bare: a loop over confluent-kafka and rocksdict that does the same with the flow written in it,
    exactly once as well. faust: the same as a Faust agent with a table and an output topic, at least once, without a journal.

    Takes about three minutes on two processors; other programs that run meanwhile show in the figures.
    """
    # A run that is ended from outside ends what it started, as one that is ended with Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    contenders = [contender for name, contender in CONTENDERS.items() if not only or name in only]
    plan = Plan(contenders, events, laps, partitions, batch, latency_seconds, kafka)
    try:
        report = _run(plan)
    except BenchFailed as failed:
        raise click.ClickException(str(failed)) from failed
    except KafkaException as failed:
        raise click.ClickException(f"Kafka failed: {failed.args[0]}") from failed
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(report), ensure_ascii=False, indent=2))
    else:
        Console().print(shown(report))


def _run(plan: Plan) -> Report:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=1.0)
        return run(plan, lambda what, share: progress.update(task, description=what, completed=share))
