"""`smart-routing worker`: applies what comes in."""

import logging
import sys
from pathlib import Path

import click
import faust
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from processor.actions import action_types
from processor.runtime.worker.app import worker_app
from processor.runtime.worker.settings import WorkerSettings
from schemas.deployment import Deployment


class RestoreProgress:
    """A bar for each partition that is restored from the changelog; on a terminal only."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("restoring partition {task.fields[partition]}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._tasks: dict[int, TaskID] = {}

    def __call__(self, partition: int, read: int, end: int) -> None:
        """Show how far a partition's restore is."""
        if not sys.stderr.isatty():
            return
        if partition not in self._tasks:
            self._progress.start()
            self._tasks[partition] = self._progress.add_task("restore", total=end, partition=partition)
        self._progress.update(self._tasks[partition], completed=read, total=end)
        if read >= end:
            self._progress.remove_task(self._tasks.pop(partition))
            if not self._tasks:
                self._progress.stop()


@click.command()
@click.option("--slot", help="Stable name of this worker's place; no two run with the same. [default: host name]")
@click.option("--state-folder", type=click.Path(path_type=Path), help="Folder of the local RocksDB tables. [default: state]")
@click.option("--web-port", type=int, help="Port of health and metrics. [default: 6066]")
def worker(slot: str | None, state_folder: Path | None, web_port: int | None) -> None:
    """Apply what comes in: customers' messages, connectors' responses and the passing of time.

    Run as many workers as there are partitions at most; each takes its share. Kill one: another takes its partitions over, from the log,
    and nothing is lost or done twice. Stop one with Ctrl-C or SIGTERM: it finishes its batch.

    Health is at /health/, metrics for Prometheus at /metrics/. Every option, and more, can be set as SMART_ROUTING_WORKER_<NAME>.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for chatty in ("faust", "mode", "aiokafka", "processor.runtime.worker.app"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    deployment = Deployment.from_environment()
    given = {name: value for name, value in (("slot", slot), ("state_folder", state_folder), ("web_port", web_port)) if value is not None}
    try:
        settings = WorkerSettings.from_environment().model_copy(update=given)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    app = worker_app(deployment, settings, action_types(), progress=RestoreProgress())
    faust.Worker(app, loglevel="INFO", quiet=True, redirect_stdouts=False, override_logging=False).execute_from_commandline()
