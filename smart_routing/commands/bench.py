"""`smart-routing bench`: the engine against its peers, and alone."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from confluent_kafka import KafkaException
from rich.console import Console, Group
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bench import alone, connector_report, connectors
from bench.contender import CONTENDERS, BenchFailed
from bench.report import Report, shown
from bench.run import Plan, Show, run
from processor.runtime.simulator.simulation import SimulationError
from processor.runtime.simulator.suite import SuiteRefused
from schemas.deployment import Deployment
from smart_routing.cannot_start import CannotStart
from smart_routing.example import examples as offered


def _address(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return Deployment(bootstrap_servers=value).bootstrap_servers
    except ValueError:
        raise click.BadParameter(f"expected host:port, several separated by commas; found {value!r}") from None


@click.group(invoke_without_command=True)
@click.option("--events", default=90_000, show_default=True, type=click.IntRange(300), help="Messages measured for each contender.")
@click.option("--laps", default=3, show_default=True, type=click.IntRange(1, 100), help="Laps by turns; the median of them counts.")
@click.option("--partitions", default=4, show_default=True, type=click.IntRange(1, 100), help="Partitions of every topic.")
@click.option("--batch", default=1_000, show_default=True, type=click.IntRange(1, 20_000), help="Most events in one transaction.")
@click.option("--latency-seconds", default=10.0, show_default=True, type=click.FloatRange(1), help="Seconds of sending at half load.")
@click.option("--only", multiple=True, type=click.Choice(list(CONTENDERS)), help="Leave the others out. May be given more than once.")
@click.option("--kafka", callback=_address, metavar="ADDRESS", help="Use this Kafka, host:port, instead of starting one.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as data.")
@click.pass_context
def bench(
    ctx: click.Context,
    *,
    events: int,
    laps: int,
    partitions: int,
    batch: int,
    latency_seconds: float,
    only: tuple[str, ...],
    kafka: str | None,
    as_json: bool,
) -> None:
    """Measure the engine against its peers: the same messages and the same flow on the same Kafka, each in a process of its own.

    engine: a worker with a published flow. bare: a loop over confluent-kafka and rocksdict that does the same with the flow written in it,
    exactly once as well. faust: the same as a Faust agent with a table and an output topic, at least once, without a journal.

    Takes about three minutes on two processors; other programs that run meanwhile show in the figures. `bench engine` measures the engine
    alone, without Kafka.
    """
    if ctx.invoked_subcommand is not None:
        return
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
    _print(report, shown(report), as_json=as_json)


@bench.command()
@click.option("--rounds", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Rounds in which everything has its turn.")
@click.option(
    "--examples",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with a folder for each example, whose tests are played; those that the demo offers where it is not said.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as data.")
def engine(*, rounds: int, examples: Path | None, as_json: bool) -> None:
    """Measure the engine alone: an action of each type, an event as its surroundings grow, the examples.

    Each state goes through its codec before and after. The figures are processor time, so that other programs disturb them little; what
    they disturb all the same shows in the quartiles and in the baseline of each round.
    """
    try:
        with _progress() as show:
            report = alone.run(rounds, _examples(examples), show)
    except (SuiteRefused, SimulationError) as refused:
        raise click.ClickException(str(refused)) from refused
    _print(report, alone.shown(report), as_json=as_json)


@bench.command("connectors")
@click.option("--commands", default=60_000, show_default=True, type=click.IntRange(300), help="Commands measured over all laps.")
@click.option("--laps", default=3, show_default=True, type=click.IntRange(1, 100), help="Laps; the median of them counts.")
@click.option("--partitions", default=4, show_default=True, type=click.IntRange(1, 100), help="Partitions of every topic.")
@click.option("--latency-seconds", default=10.0, show_default=True, type=click.FloatRange(1), help="Seconds of sending at half load.")
@click.option("--memory-commands", default=0, show_default=True, type=click.IntRange(0), help="Commands while memory is watched.")
@click.option("--kafka", callback=_address, metavar="ADDRESS", help="Use this Kafka, host:port, instead of starting one.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as data.")
def connectors_(
    *, commands: int, laps: int, partitions: int, latency_seconds: float, memory_commands: int, kafka: str | None, as_json: bool
) -> None:
    """Measure the connectors' framework alone: commands through Kafka and Redis, to a back end that takes no time.

    Each command is claimed in Redis, executed, recorded there, answered on Kafka, and committed. Afterwards every command must have one
    response. Needs no Redis of yours: one in memory is started.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    plan = connectors.Plan(commands, laps, partitions, latency_sec=latency_seconds, memory_commands=memory_commands, kafka=kafka)
    try:
        with _progress() as show:
            report = connectors.run(plan, show)
    except (BenchFailed, CannotStart) as failed:
        raise click.ClickException(str(failed)) from failed
    except KafkaException as failed:
        raise click.ClickException(f"Kafka failed: {failed.args[0]}") from failed
    _print(report, connector_report.shown(report), as_json=as_json)


def _examples(folder: Path | None) -> list[Path]:
    if folder is None:
        return [example.folder for example in offered()]
    return sorted(path for path in folder.iterdir() if path.is_dir())


def _run(plan: Plan) -> Report:
    with _progress() as show:
        return run(plan, show)


@contextmanager
def _progress() -> Iterator[Show]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=1.0)
        yield lambda what, share: progress.update(task, description=what, completed=share)


def _print(report: Report | alone.AloneReport | connector_report.ConnectorReport, for_people: Group, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(report), ensure_ascii=False, indent=2))
    else:
        Console().print(for_people)
