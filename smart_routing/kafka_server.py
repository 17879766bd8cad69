"""A real Apache Kafka in KRaft mode, run from its published jars: for machines without Docker and for tests."""

import base64
import fcntl
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from smart_routing.cannot_start import CannotStart
from smart_routing.free_port import free_port, is_free
from smart_routing.kafka_jars import find_java, kafka_jars

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS",
)


class KafkaServer:
    """One combined node, broker and controller, on a port of the loopback interface.

    A context manager: entering starts it, leaving stops it and removes its data unless a folder was given. It keeps port and data
    over `stop`, `kill` and another `start`, so that tests can restart it under its clients.
    """

    def __init__(
        self,
        *,
        port: int | None = None,
        folder: Path | None = None,
        heap_mebibytes: int = 512,
        rebalance_delay_ms: int = 3_000,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare a server; nothing runs yet.

        Args:
            port: where clients connect; a free one if not given.
            folder: where its data and log are kept; a temporary one if not given.
            heap_mebibytes: the largest heap of its Java machine.
            rebalance_delay_ms: how long a new consumer group waits for members (`group.initial.rebalance.delay.ms`); tests want 0.
            properties: further settings of the broker, in Kafka's own words.
        """
        self.port = port or free_port()
        self._controller_port = free_port(besides=self.port)
        self._temporary = folder is None
        self._folder = folder
        self._heap = heap_mebibytes
        self._properties = {"group.initial.rebalance.delay.ms": str(rebalance_delay_ms), **(properties or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """The address that clients are given."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The id of the running process, None while there is none."""
        return self._process.pid if self.is_running and self._process is not None else None

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def folder(self) -> Path:
        """Where data (`data/`), settings (`server.properties`) and log (`server.log`) are."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="smart-routing-kafka-"))
        return self._folder

    def start(self) -> Self:
        """Start the server and return once it answers; formats an empty folder first.

        Raises:
            CannotStart: Java, Maven or a free port is missing, or the server ended before it answered.
        """
        if self.is_running:
            return self
        java, jars = find_java(), kafka_jars()
        if not is_free(self.port):
            raise CannotStart(f"Port {self.port} is in use: stop what listens there, or choose another port.")
        if _is_locked(self.folder / "data" / ".lock"):
            raise CannotStart(f"Another Kafka runs on the data in {self.folder}: stop it, or choose another folder.")
        if not is_free(self._controller_port):
            self._controller_port = free_port(besides=self.port)
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "server.properties"
        settings.write_text("".join(f"{name}={value}\n" for name, value in self._settings().items()))
        command = [java, f"-Xmx{self._heap}m", "-Djava.awt.headless=true", *_LOGGING, "-cp", f"{jars}/*"]
        if not (self.folder / "data" / "meta.properties").exists():
            self._format(command, settings)
        with (self.folder / "server.log").open("ab") as log:
            # A session of its own: Ctrl-C in the terminal is for whoever started the server, who then stops it in good order.
            self._process = subprocess.Popen(
                [*command, "-XX:MaxGCPauseMillis=20", "kafka.Kafka", str(settings)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._await_answer()
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """Stop the server in good order; a server that does not end within half a minute is killed."""
        if self._process is None:
            return
        if self.is_running:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()

    def kill(self) -> None:
        """End the server at once, as a crash would (SIGKILL). Its data stay for the next `start`."""
        if self._process is not None:
            if self.is_running:
                self._process.kill()
            self._process.wait()

    def wait(self) -> int:
        """Wait until the server ends by itself or by another's hand, and return its exit status."""
        return self._process.wait() if self._process is not None else 0

    def pause(self) -> None:
        """Stop the server's clock (SIGSTOP): connections stay open, nothing answers."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on (SIGCONT)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        log = self.folder / "server.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""

    def __enter__(self) -> Self:
        """Start the server."""
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop the server; its data go with it unless their folder was given."""
        if self._temporary:
            self.kill()  # nobody reads these data again, so that there is nothing to close in good order
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            self.stop()

    def _settings(self) -> dict[str, str]:
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str((self.folder / "data").resolve()),
            # A topic that is written wrongly is an error here, not a new topic with the wrong number of partitions.
            "auto.create.topics.enable": "false",
            # One node holds everything, once.
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            # Few groups and transactional ids: fewer partitions to make at the first use, and to load at every start.
            "offsets.topic.num.partitions": "8",
            "transaction.state.log.num.partitions": "8",
            # A node that was killed is let in again only when its former self has been silent for that long.
            "broker.heartbeat.interval.ms": "500",
            "broker.session.timeout.ms": "3000",
            "num.network.threads": "2",
            "num.io.threads": "4",
            "log.cleaner.dedupe.buffer.size": str(32 * 1_048_576),  # of the default 128 MiB a small heap would have little left
            **self._properties,
        }

    def _format(self, command: list[str], settings: Path) -> None:
        # A random id in the form of Kafka's own: 16 bytes in base64 without padding.
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        storage_tool = [
            *command,
            "-XX:TieredStopAtLevel=1",
            "kafka.tools.StorageTool",
            "format",
            f"--cluster-id=A{cluster[1:]}",
            f"--config={settings}",
        ]
        formatted = subprocess.run(storage_tool, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if formatted.returncode != 0:
            raise CannotStart(f"Kafka could not format {self.folder / 'data'}:\n{(formatted.stdout + formatted.stderr).strip()}")

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        # The first refused connections are expected: librdkafka is told to keep them to itself.
        client = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0, "reconnect.backoff.max.ms": 200})
        while time.monotonic() < deadline:
            if not self.is_running:
                raise CannotStart(
                    f"Kafka ended with status {self.wait()} before it answered; its log is {self.folder / 'server.log'}:\n{self.log_tail()}"
                )
            try:
                client.list_topics(timeout=0.5)
            except KafkaException:
                continue
            return
        raise CannotStart(
            f"Kafka did not answer within {_START_SECONDS:.0f} seconds; its log is {self.folder / 'server.log'}:\n{self.log_tail()}"
        )


def _is_locked(file: Path) -> bool:
    """Whether a running Kafka holds the lock of its data folder. It finds out itself, but takes half a minute to say so."""
    if not file.exists():
        return False
    with file.open("r+b") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False
