"""The benchmark: every contender in turn, lap by lap, then each one at half of its own load."""

import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from bench.contender import Contender
from bench.latency import half_load
from bench.report import Report, Result, aims, this_machine
from bench.stage import ACTIONS_PER_MESSAGE, Stage
from bench.throughput import lap
from smart_routing.kafka_jars import KAFKA_VERSION
from smart_routing.kafka_server import KafkaServer

Show = Callable[[str, float], None]
"""Called with what is being done, and the share of the whole that is done, from 0 to 1."""

_MESSAGES_A_CONVERSATION = 18


class Plan(Struct, frozen=True):
    """What to measure."""

    contenders: Sequence[Contender]
    events: int
    """Messages measured for each contender, over all laps."""

    laps: int = 3
    partitions: int = 4
    batch_events: int = 1_000
    latency_sec: float = 10.0
    kafka: str | None = None
    """Address of a Kafka to use; one is started where none is given."""


@contextmanager
def stage_of(plan: Plan) -> Iterator[Stage]:
    """Make a stage for a plan, and clear it away afterwards.

    Raises CannotStart, KafkaUnreachableError or TopicsRefusedError.
    """
    conversations = max(50, plan.events // _MESSAGES_A_CONVERSATION)
    with tempfile.TemporaryDirectory(prefix="smart-routing-bench-") as folder:

        def prepared(bootstrap_servers: str) -> Stage:
            return Stage(
                bootstrap_servers, Path(folder), partitions=plan.partitions, conversations=conversations, batch_events=plan.batch_events
            )

        if plan.kafka is None:
            with KafkaServer(rebalance_delay_ms=0) as server:
                yield prepared(server.bootstrap_servers)
            return
        stage = prepared(plan.kafka)
        try:
            yield stage
        finally:
            stage.remove()


def run(plan: Plan, show: Show) -> Report:
    """Measure.

    Raises BenchFailed, and what `stage_of` raises.
    """
    machine = this_machine()
    phases = len(plan.contenders) * (1 + plan.laps + 1)
    over = 0

    def phase(what: str) -> Callable[[float], None]:
        nonlocal over
        before, over = over, over + 1
        show(what, before / phases)
        return lambda share: show(what, (before + share) / phases)

    show("Preparing Kafka", 0.0)
    rates: dict[str, list[float]] = {contender.name: [] for contender in plan.contenders}
    memories: dict[str, list[int]] = {contender.name: [] for contender in plan.contenders}
    latencies = {}
    with stage_of(plan) as stage:
        opening = 2 * stage.load.conversations
        stage.send(opening)
        for contender in plan.contenders:
            lap(stage, contender, opening, phase(f"Warming up: {contender.title}"))
        for number in range(1, plan.laps + 1):
            messages = plan.events // plan.laps
            stage.send(messages)
            for contender in plan.contenders:
                rate, memory = lap(stage, contender, messages, phase(f"Lap {number} of {plan.laps}: {contender.title}"))
                rates[contender.name].append(rate)
                memories[contender.name].extend([memory] if memory is not None else [])
        medians = {name: statistics.median(found) for name, found in rates.items()}
        # The slowest first: what is sent for one is there for all others to do before their own turn.
        for contender in sorted(plan.contenders, key=lambda one: medians[one.name]):
            rate = medians[contender.name] / 2
            latency, memory = half_load(stage, contender, rate, plan.latency_sec, phase(f"Half load: {contender.title}"))
            latencies[contender.name] = latency
            memories[contender.name].extend([memory] if memory is not None else [])
    results = [
        Result(
            contender.name,
            contender.title,
            contender.promise,
            medians[contender.name],
            rates[contender.name],
            medians[contender.name] * ACTIONS_PER_MESSAGE,
            latencies[contender.name],
            max(memories[contender.name], default=None),
        )
        for contender in plan.contenders
    ]
    return Report(
        machine,
        plan.kafka or f"{KAFKA_VERSION}, started for the benchmark",
        plan.partitions,
        plan.batch_events,
        stage.load.conversations,
        plan.events // plan.laps * plan.laps,
        ACTIONS_PER_MESSAGE,
        results,
        aims(results),
    )
