"""`smart-routing broker`: a real Apache Kafka in the foreground."""

import signal
import threading
from pathlib import Path
from types import FrameType

import click

from schemas.deployment import variable_of
from smart_routing.kafka_jars import KAFKA_VERSION
from smart_routing.kafka_server import KafkaServer


@click.command()
@click.option("--port", default=9092, show_default=True, type=click.IntRange(1, 65_535), help="Port of the loopback interface for clients.")
@click.option(
    "--data",
    "folder",
    default=Path("kafka-data"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps data and log from one run to the next.",
)
@click.option("--heap", default=512, show_default=True, type=click.IntRange(128), help="Largest heap of its Java machine, in MiB.")
def broker(port: int, folder: Path, heap: int) -> None:
    """Run Apache Kafka here until Ctrl-C.

    One node in KRaft mode, reachable from this machine only. Needs Java 17; the first run fetches Kafka's published jars with Maven, some
    50 MB, into the user's cache. Topics are not made by writing to them: run `smart-routing topics create` once.
    """
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    click.echo(f"Starting Apache Kafka {KAFKA_VERSION} ...")
    server = KafkaServer(port=port, folder=folder, heap_mebibytes=heap)
    with server:
        click.echo(f"Kafka answers at {server.bootstrap_servers} (data and log in {folder}). Ctrl-C stops it.")
        if server.bootstrap_servers != "127.0.0.1:9092":
            click.echo(f"For the other commands: export {variable_of('bootstrap_servers')}={server.bootstrap_servers}")
        while not stopped.wait(0.2):
            if not server.is_running:
                raise click.ClickException(
                    f"Kafka ended by itself with status {server.wait()}; its log is {folder / 'server.log'}:\n{server.log_tail()}"
                )
    click.echo("Kafka has stopped.")
