"""Who takes part: how each one is started, what it reads and writes, and what it says of itself."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from msgspec import Struct

from processor.runtime.worker.settings import PREFIX as WORKER_PREFIX
from schemas.deployment import Deployment
from schemas.topics import Topics, TopicSpec
from smart_routing.free_port import free_port

BARE_PREFIX = "bare."
FAUST_PREFIX = "faust."
FAUST_TABLE = "conversations"

_STOP_SEC = 30.0
_LOG_LINES = 15


class BenchFailed(Exception):
    """The benchmark could not be carried out; the message says what happened to whom."""


class Contender(Struct, frozen=True):
    """One who takes part."""

    name: str
    """As options and data name it."""

    title: str
    promise: str
    """What it promises for each message."""

    prefix: str
    """What its own topics' names begin with, after the deployment's prefix."""

    command: Callable[[Path], Sequence[str]]
    """The command line that runs it with a folder for its state."""

    def topics(self, deployment: Deployment) -> Topics:
        """Return the names of its own topics."""
        return Topics(deployment.topic_prefix + self.prefix)

    def group(self, deployment: Deployment) -> str:
        """Return its consumer group."""
        return f"{self.topics(deployment).prefix}processor"

    def output(self, deployment: Deployment) -> str:
        """Return the topic of its commands."""
        return self.topics(deployment).commands("messaging")


def _engine(folder: Path) -> Sequence[str]:
    options = ("--slot", "bench", "--state-folder", str(folder), "--web-port", str(free_port()))
    return (sys.executable, "-m", "smart_routing", "worker", *options)


def _bare(folder: Path) -> Sequence[str]:
    return (sys.executable, "-m", "bench.bare", str(folder))


def _faust(folder: Path) -> Sequence[str]:
    return (sys.executable, "-m", "bench.faust_table", str(folder))


ENGINE = Contender("engine", "this engine", "exactly once", "", _engine)
BARE = Contender("bare", "confluent-kafka + rocksdict by hand", "exactly once", BARE_PREFIX, _bare)
FAUST = Contender("faust", "Faust, table in rocksdict", "at least once", FAUST_PREFIX, _faust)

CONTENDERS = MappingProxyType({contender.name: contender for contender in (ENGINE, BARE, FAUST)})


def topic_specs(deployment: Deployment) -> tuple[TopicSpec, ...]:
    """Return every topic that the contenders read or write."""
    specs = {spec.name: spec for spec in deployment.topics.specs(deployment.partitions)}
    own: list[TopicSpec] = []
    for contender in (BARE, FAUST):
        topics = contender.topics(deployment)
        wanted = (topics.commands("messaging"), topics.journal, topics.state)
        own.extend(spec for spec in topics.specs(deployment.partitions) if spec.name in wanted)
    changelog = f"{FAUST.group(deployment)}-{FAUST_TABLE}-changelog"
    compacted = specs[deployment.topics.state].config
    return (*specs.values(), *own, TopicSpec(changelog, deployment.partitions, compacted))


class Running:
    """A contender's process. A context manager: leaving it stops the process."""

    def __init__(self, contender: Contender, deployment: Deployment, folder: Path, batch_events: int) -> None:
        """Start the process; its output goes to a file in the folder, its state stays there for the next start."""
        self.contender = contender
        home = folder / contender.name
        home.mkdir(parents=True, exist_ok=True)
        self._log = home / "output.log"
        environment = {
            **os.environ,
            **deployment.to_environment(),
            f"{WORKER_PREFIX}BATCH_EVENTS": str(batch_events),
            f"{WORKER_PREFIX}PROJECTION": "false",  # counts for the console, which the others do not keep, and needs Redis
        }
        with self._log.open("ab") as log:
            # A session of its own: Ctrl-C is for the benchmark, which then stops everything in good order.
            self._process = subprocess.Popen(
                contender.command(home / "state"), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def __enter__(self) -> Self:
        """It has been started already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop the process."""
        if error is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_STOP_SEC)
            except subprocess.TimeoutExpired:
                self._process.kill()
        else:
            self._process.kill()  # what it would save nobody will read
        self._process.wait()

    def check(self) -> None:
        """Raises BenchFailed where the process has ended."""
        status = self._process.poll()
        if status is not None:
            raise self.failed(f"ended with status {status}")

    def failed(self, what: str) -> BenchFailed:
        """Return an error that tells of the process, with the end of its output."""
        said = "\n".join(self._log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
        return BenchFailed(f"{self.contender.title}: {what}; its output ends with:\n{said or '(nothing)'}")

    @property
    def peak_memory_bytes(self) -> int | None:
        """Largest resident set so far, as Linux counts it; None on other systems."""
        status = Path(f"/proc/{self._process.pid}/status")
        if not status.exists():
            return None
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        return None
