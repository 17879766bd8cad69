"""How much the connectors' framework moves: commands through Kafka and Redis to a back end that takes no time."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from msgspec import Struct
from redis import Redis

from bench.command_stage import CommandStage
from bench.connector_report import ConnectorReport, Lap, Latency, Memory
from bench.contender import BenchFailed
from bench.process import Process
from bench.report import this_machine
from smart_routing.embedded import EmbeddedRedis
from smart_routing.kafka_jars import KAFKA_VERSION
from smart_routing.kafka_server import KafkaServer

Show = Callable[[str, float], None]

_MOST_WARM_UP_COMMANDS: Final = 5_000
_WARM_UP_SEC: Final = 2.0
_BACKLOG: Final = 20_000
_SAMPLES: Final = 20
_LOOK_SEC: Final = 0.05
_STALLED_SEC: Final = 60.0
_MIB: Final = 1_024 * 1_024


class Plan(Struct, frozen=True):
    """What to measure."""

    commands: int = 60_000
    """Commands over all laps."""

    laps: int = 3
    partitions: int = 4
    conversations: int = 2_000
    latency_sec: float = 10.0
    memory_commands: int = 0
    """Commands while memory is watched; 0: it is not."""

    kafka: str | None = None
    """Address of a Kafka to use; one is started where none is given."""

    @property
    def warm_up(self) -> int:
        """Commands before the first lap: connections are made, caches fill."""
        return min(_MOST_WARM_UP_COMMANDS, self.commands)


def run(plan: Plan, show: Show) -> ConnectorReport:
    """Measure.

    Raises BenchFailed, also where the commands are too few to be measured, and what starting Kafka and Redis raises.
    """
    machine = this_machine()
    with ExitStack() as opened:
        show("Starting Kafka and Redis", 0.0)
        kafka = plan.kafka or opened.enter_context(KafkaServer(rebalance_delay_ms=0)).bootstrap_servers
        redis = opened.enter_context(EmbeddedRedis())
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="smart-routing-bench-")))
        stage = CommandStage(kafka, redis.url, partitions=plan.partitions, conversations=plan.conversations)
        opened.callback(stage.close)
        show("Sending", 0.02)
        stage.send(plan.warm_up + plan.commands)
        environment = stage.deployment.to_environment()
        with Process((sys.executable, "-m", "bench.instant_connector"), environment, folder / "connector.log") as process:
            laps = list(_laps(stage, process, plan, show))
            median = statistics.median(lap.per_second for lap in laps)
            latency = _latency(stage, median / 2, plan.latency_sec, show)
            memory = _memory(stage, process, redis.url, plan.memory_commands, show) if plan.memory_commands else None
            stage.check_all()
    return ConnectorReport(
        machine,
        plan.kafka or f"{KAFKA_VERSION}, started for the benchmark",
        plan.partitions,
        plan.conversations,
        laps,
        median,
        statistics.median(lap.per_processor_second for lap in laps),
        latency,
        memory,
    )


def _laps(stage: CommandStage, process: Process, plan: Plan, show: Show) -> Iterator[Lap]:
    began, spent, before = _reach(stage, process, plan.warm_up)
    length = plan.commands // plan.laps
    for number in range(1, plan.laps + 1):
        show(f"Lap {number} of {plan.laps}", 0.05 + 0.5 * (number - 1) / plan.laps)
        ended, spent_then, reached = _reach(stage, process, plan.warm_up + number * length)
        if reached == before:
            raise BenchFailed(f"expected laps that take a while, found that a lap of {length} commands was over at once: ask for more")
        yield Lap((reached - before) / (ended - began), (reached - before) / (spent_then - spent))
        began, spent, before = ended, spent_then, reached


def _reach(stage: CommandStage, process: Process, count: int) -> tuple[float, float, int]:
    """Wait for so many responses; return the time, the connector's processor time, and how many there are."""
    moved_at, before = time.monotonic(), -1
    while True:
        answered = stage.answered()
        now, spent = time.monotonic(), process.processor_seconds
        if answered >= count:
            return now, spent, answered
        if answered > before:
            moved_at, before = now, answered
        elif now - moved_at > _STALLED_SEC:
            raise BenchFailed(f"expected {count} responses, found {answered} and none for {_STALLED_SEC:.0f} s")
        time.sleep(_LOOK_SEC)


def _latency(stage: CommandStage, rate: float, seconds: float, show: Show) -> Latency:
    """Send at a fixed rate, whatever becomes of it; a command that goes out late counts from when it was due."""
    first, count = stage.sent, int(rate * (_WARM_UP_SEC + seconds))
    arrivals: dict[int, float] = {}
    consumer = stage.responses()
    began = last = time.time()
    while len(arrivals) < count:
        due = min(count, int((time.time() - began) * rate) + 1)
        if first + due > stage.sent:
            stage.send(first + due - stage.sent, flush=False)
        for message in consumer.consume(500, 0.001):
            if message.error() is not None:
                raise KafkaException(message.error())
            number = int(stage.command_of(message.value() or b"").rpartition("-")[2])
            arrivals[number - first] = last = time.time()
        if time.time() - last > _STALLED_SEC:
            raise BenchFailed(f"expected {count} responses, found {len(arrivals)}")
        show("Half load", 0.55 + 0.25 * len(arrivals) / count)
    consumer.close()
    waits = sorted((arrivals[number] - began - number / rate) * 1000 for number in range(int(rate * _WARM_UP_SEC), count))
    cuts = statistics.quantiles(waits, n=100)
    return Latency(rate, cuts[49], cuts[98], waits[-1], len(waits))


def _memory(stage: CommandStage, process: Process, redis_url: str, commands: int, show: Show) -> Memory:
    first = stage.answered()
    with Redis.from_url(redis_url) as redis:
        used = int(redis.info("memory")["used_memory"])
        keys = redis.dbsize()
        resident = [process.memory_bytes / _MIB]
        for sample in range(1, _SAMPLES + 1):
            until = first + commands * sample // _SAMPLES
            while (answered := stage.answered()) < until:
                if (room := min(first + commands, answered + _BACKLOG) - stage.sent) > 1_000:
                    stage.send(min(room, 5_000))
                elif stage.sent < until <= answered + _BACKLOG:
                    stage.send(until - stage.sent)
                time.sleep(_LOOK_SEC)
            resident.append(process.memory_bytes / _MIB)
            show("Memory", 0.8 + 0.2 * sample / _SAMPLES)
        space = redis.info("keyspace")["db0"]
        return Memory(
            stage.sent - first,
            resident,
            (int(redis.info("memory")["used_memory"]) - used) / max(1, redis.dbsize() - keys),
            space["expires"] / space["keys"],
        )
