"""How long a message takes through a contender that is not overloaded."""

import json
import os
import statistics
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

from msgspec import Struct

from bench.contender import BenchFailed, Contender, Running
from bench.stage import Advanced, Outputs, Stage

WARM_UP_SEC = 2.0

_FIRST_MESSAGES = 100  # enough to come to all partitions

_POLL_SEC = 0.05
_MISSING_SEC = 30.0
_SHOWN_EACH = 500


class Latency(Struct, frozen=True):
    """From the moment at which a message was due to be sent to the moment at which a reader of committed records had its command."""

    rate: float
    """Messages a second that were sent."""

    p50_ms: float
    p99_ms: float
    highest_ms: float
    messages: int
    sender_late_ms: float
    """By how much the sender was late at worst: part of the figures above."""


def half_load(stage: Stage, contender: Contender, rate: float, seconds: float, done: Advanced) -> tuple[Latency, int | None]:
    """Send at a fixed rate and time each message's command. Return that, and the contender's peak memory.

    Raises BenchFailed.
    """
    warm_up, count = int(rate * WARM_UP_SEC), int(rate * seconds)
    with stage.start(contender) as running:
        stage.send(_FIRST_MESSAGES)
        stage.finish(running)  # these, which tell that it runs, and what was sent for the others
        first = stage.sent
        outputs = Outputs(stage, contender)
        try:
            with _Sender(stage, first, warm_up + count, rate) as sender:
                arrivals = _arrivals(stage, running, outputs, range(first, first + warm_up + count), done)
                began, late_sec = sender.told()
        finally:
            outputs.close()
        stage.sent += warm_up + count
        stage.finish(running)
        memory = running.peak_memory_bytes
    waits = sorted((arrivals[first + place] - began - place / rate) * 1000 for place in range(warm_up, warm_up + count))
    cuts = statistics.quantiles(waits, n=100)
    return Latency(rate, cuts[49], cuts[98], waits[-1], count, late_sec * 1000), memory


class _Sender:
    """The sender's process. A context manager: leaving it ends the process."""

    def __init__(self, stage: Stage, first: int, count: int, rate: float) -> None:
        command = (sys.executable, "-m", "bench.sender", str(first), str(count), str(rate), str(stage.load.conversations))
        environment = {**os.environ, **stage.deployment.to_environment()}
        # A session of its own: Ctrl-C is for the benchmark, which then stops everything in good order.
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def __enter__(self) -> Self:
        """It has been started already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def told(self) -> tuple[float, float]:
        """Return when it began (epoch seconds) and by how many seconds its latest message was late, once it has ended.

        Raises BenchFailed.
        """
        lines = self._process.communicate(timeout=_MISSING_SEC)[0].splitlines()
        if len(lines) != 2 or json.loads(lines[1])["unsent"]:
            raise BenchFailed(f"the sender: expected it to send all its messages; it ended with status {self._process.returncode}")
        return json.loads(lines[0])["began"], json.loads(lines[1])["latest_sec"]


def _arrivals(stage: Stage, running: Running, outputs: Outputs, messages: range, done: Advanced) -> dict[int, float]:
    """Return when (epoch seconds) each message's command could be read. A conversation's n-th command belongs to its n-th message."""
    conversations = stage.load.conversations
    awaited = {key: messages.start + (place - messages.start) % conversations for place, key in enumerate(stage.load.keys)}
    arrivals: dict[int, float] = {}
    last = time.monotonic()
    while len(arrivals) < len(messages):
        found = outputs.next(_POLL_SEC)
        if found is None:
            running.check()
            if time.monotonic() - last > _MISSING_SEC:
                raise running.failed(f"expected {len(messages)} commands, one for each message; found {len(arrivals)}")
            continue
        key, _ = found
        number = awaited[key]
        awaited[key] = number + conversations
        arrivals[number] = time.time()
        if len(arrivals) % _SHOWN_EACH == 0:
            done(len(arrivals) / len(messages))
            last = time.monotonic()
    return arrivals
