"""The engine and the flow by hand without Kafka: `python -m bench.engine [--profile]` prints what a message costs, part by part."""

import cProfile
import pstats
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bench.by_hand import ByHand, State, state_record
from bench.load import Load
from processor.actions import action_types
from processor.engine.advance import advance
from processor.engine.definitions import DefinitionLog, Definitions
from processor.engine.interaction import Conversation
from processor.flow.document import load
from processor.flow.entity_reader import read_entity
from processor.flow.reader import read
from processor.runtime.records import Source, encode_advance, encode_state, event_of
from processor.runtime.worker.context import WorkerContext
from processor.runtime.worker.metrics import WorkerMetrics
from processor.runtime.worker.partition import InputRecord, Partition
from processor.runtime.worker.settings import WorkerSettings
from schemas.codec import Codec
from schemas.deployment import Deployment

BATCH = 1_000

_US = 1e6
_AT = 1_767_225_600_000  # some log time, epoch ms
_BETWEEN_MS = 10


class Parts:
    """Seconds spent in each part of the work, over many messages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.messages = 0
        self.steps = 0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time a part."""
        began = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    @property
    def each_us(self) -> dict[str, float]:
        """Microseconds a message, by part."""
        return {name: seconds / self.messages * _US for name, seconds in self.seconds.items()}


def definitions() -> Definitions:
    """Return the benchmark's flow and entry point as the engine sees them once they are published."""
    log = DefinitionLog()
    log.publish_flow(0, read(load((files("bench") / "flow.yaml").read_bytes()), action_types(), version=1))
    log.publish(1, read_entity(load((files("bench") / "entry_point.yaml").read_bytes())))
    return log.newest()


def run_engine(records: list[tuple[bytes, bytes]], warm_up: int, known: Definitions, codec: Codec) -> Parts:
    """Apply records with the engine, as the worker does between fetching and sending; the first so many are not counted."""
    states: dict[bytes, Conversation] = {}
    parts = Parts()
    for offset, (key, value) in enumerate(records):
        if offset == warm_up:
            parts = Parts()
        with parts.part("decode"):
            event = event_of("inbound", value, _AT + offset * _BETWEEN_MS, codec)
        with parts.part("advance"):
            advanced = advance(key.decode(), states.get(key), event, known)
        with parts.part("encode journal and commands"):
            encode_advance(advanced, event.at, Source("inbound", 0, offset), known.offset, codec)
        with parts.part("encode state"):
            encode_state(advanced.payload or b"", codec)
        states[key] = advanced.conversation
        parts.messages += 1
        parts.steps += len(advanced.steps)
    return parts


def run_partition(records: list[tuple[bytes, bytes]], warm_up: int, known: Definitions, codec: Codec) -> Parts:
    """Apply records as a partition of the worker does, in batches, RocksDB included; all but Kafka."""
    parts = Parts()
    with TemporaryDirectory() as folder:
        deployment = Deployment(partitions=1)
        context = WorkerContext(deployment, WorkerSettings(slot="bench"), action_types(), codec, WorkerMetrics())
        partition = Partition(0, Path(folder), context)
        for first in range(0, len(records), BATCH):
            batch = records[first : first + BATCH]
            if first < warm_up:
                parts = Parts()
            with parts.part("decode, advance, encode journal and commands"):
                for offset, (key, value) in enumerate(batch, first):
                    record = InputRecord("inbound", 0, offset, _AT + offset * _BETWEEN_MS, key, value)
                    partition.apply(record, lambda: known, lambda: known)
            with parts.part("encode state"):
                partition.take_outputs()
                partition.changelog()
            with parts.part("write RocksDB"):
                partition.committed(first)
            parts.messages += len(batch)
        partition.close()
    return parts


def run_by_hand(records: list[tuple[bytes, bytes]], warm_up: int, codec: Codec) -> Parts:
    """Apply records with the flow by hand."""
    states: dict[bytes, State] = {}
    by_hand = ByHand(codec)
    parts = Parts()
    for offset, (key, value) in enumerate(records):
        if offset == warm_up:
            parts = Parts()
        source = {"topic": "inbound", "partition": 0, "offset": offset}
        with parts.part("decode, apply, encode journal and command"):
            applied = by_hand.apply(key.decode(), states.get(key), value, _AT + offset * _BETWEEN_MS, source)
        assert applied is not None, "the load repeats nothing"
        with parts.part("encode state"):
            state_record(applied.payload, codec)
        states[key] = applied.state
        parts.messages += 1
    return parts


@click.command()
@click.option("--events", default=10_000, show_default=True, help="Messages measured in each repetition.")
@click.option("--repeat", default=5, show_default=True, help="Repetitions; the fastest one is printed, the least disturbed by others.")
@click.option("--profile", is_flag=True, help="Print where the engine's time goes, by function, instead.")
def main(events: int, repeat: int, profile: bool) -> None:
    """Measure what the engine and the flow by hand spend on a message, without Kafka."""
    codec = Codec()
    conversations = max(1, events // 20)
    records = list(Load(conversations, codec).records(0, conversations + events))
    known = definitions()
    if profile:
        profiler = cProfile.Profile()
        profiler.runcall(run_engine, records, conversations, known, codec)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(40)
        return
    measured: dict[str, Callable[[], Parts]] = {
        "engine": lambda: run_engine(records, conversations, known, codec),
        "engine in a partition of the worker": lambda: run_partition(records, conversations, known, codec),
        "by hand": lambda: run_by_hand(records, conversations, codec),
    }
    runs = [{name: run() for name, run in measured.items()} for _ in range(repeat)]
    steps = runs[0]["engine"].steps / runs[0]["engine"].messages
    for name in measured:
        parts = [run[name] for run in runs]
        fastest = min(parts, key=lambda run: sum(run.each_us.values()))
        total = sum(fastest.each_us.values())
        print(f"{name}: {total:.1f} µs a message, {total / steps:.1f} µs an action ({steps:.2f} actions a message)")
        for part, each in fastest.each_us.items():
            print(f"    {each:6.1f}  {part}")


if __name__ == "__main__":
    main()
