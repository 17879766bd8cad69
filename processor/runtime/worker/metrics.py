"""What a worker tells of itself: metrics in Prometheus' text format, and its health."""

import time
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from processor.runtime.worker.counts import Counts


class WorkerMetrics(Collector):
    """Counters of one worker. Written by the processor's thread, read by the web view."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.partitions: tuple[int, ...] = ()
        self.joined = False
        """Whether the worker is a member of the group, with or without partitions."""
        self.definitions_offset = -1
        """Offset of the newest definition that the worker knows."""
        self.last_commit_at: float | None = None
        """Monotonic seconds of the last commit."""
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._batches = Histogram(
            "smart_routing_batch_events",
            "Records and deadlines in a batch.",
            registry=self._registry,
            buckets=(1, 10, 100, 500, 1000, 5000),
        )
        self._commits = Histogram("smart_routing_commit_seconds", "Duration of a transaction's commit.", registry=self._registry)
        self._owned = Gauge("smart_routing_partitions", "Partitions that this worker owns.", registry=self._registry)
        self._failures = Counter("smart_routing_sessions_failed", "Sessions given up after an error.", registry=self._registry)

    def owned(self, partitions: Iterable[int]) -> None:
        """Note the partitions that this worker processes."""
        self.joined = True
        self.partitions = tuple(partitions)
        self._owned.set(len(self.partitions))

    def batch(self, events: int) -> None:
        """Note a batch."""
        self._batches.observe(events)

    def committed(self, seconds: float) -> None:
        """Note a commit."""
        self.last_commit_at = time.monotonic()
        self._commits.observe(seconds)

    def session_failed(self) -> None:
        """Note that a session was given up."""
        self.joined = False
        self._failures.inc()

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        """Yield what the partitions count themselves."""
        events = CounterMetricFamily("smart_routing_events", "Events by what became of them.", labels=["disposition"])
        for disposition, count in self.counts.dispositions.copy().items():
            events.add_metric([disposition], count)
        letters = CounterMetricFamily("smart_routing_dead_letters", "Dead letters by reason.", labels=["reason"])
        for reason, count in self.counts.dead_letters.copy().items():
            letters.add_metric([reason], count)
        yield from (events, letters)
        yield GaugeMetricFamily("smart_routing_definitions_offset", "Offset of the newest definition known.", value=self.definitions_offset)
        yield CounterMetricFamily("smart_routing_actions", "Actions applied.", value=self.counts.actions)
        yield CounterMetricFamily("smart_routing_commands", "Commands issued.", value=self.counts.commands)
        yield CounterMetricFamily("smart_routing_quarantined", "Conversations quarantined.", value=self.counts.quarantined)

    def text(self) -> str:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self._registry).decode()
