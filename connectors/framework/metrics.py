"""What connectors tell monitoring: Prometheus metrics of a process, in a registry of their own."""

import re
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from connectors.framework.pulse import Pulse

OTHER: Final = "other"
"""Stands for reason codes that are none, or more than can be counted one by one."""

_MOST_REASONS: Final = 100
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_FAMILY: Final = ("family",)
_COMMAND: Final = ("family", "command")


class Metrics:
    """All metrics of one process, and its connectors' pulse.

    Labels are families, commands, outcomes, reason codes and partitions, all of closed sets; never a target, an account or an address.
    """

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry()
        self._reasons: set[str] = set()
        self.pulse: Final = Pulse()
        self.answered = self._counter("commands", "Commands answered, by outcome and reason code", (*_COMMAND, "outcome", "reason"))
        self.repeated = self._counter("repeated", "Commands answered from the record", _COMMAND)
        self.inherited = self._counter("inherited", "Commands that a dead connector had begun", _COMMAND)
        self.retried = self._counter("retries", "Tries that ended with Retry, by reason code", (*_COMMAND, "reason"))
        self.faults = self._counter("faults", "Faults of connectors' methods", _COMMAND)
        self.paced_seconds = self._counter("paced_seconds", "Time that commands waited for their turn at a target", _COMMAND)
        self.buried = self._counter("dead_letters", "Records sent to the dead letters, by reason code", (*_FAMILY, "reason"))
        self.starts = self._counter("starts", "Starts of a connector, those after a failure included", _FAMILY)
        self.executing = self._gauge("executing", "Commands being executed", _FAMILY)
        self.unfinished = self._gauge("unfinished", "Commands read and not finished", _FAMILY)
        self.open_breakers = self._gauge("open_breakers", "Targets that are left alone", _FAMILY)
        self.lag = self._gauge("lag", "Records in Kafka that were not read yet", (*_FAMILY, "partition"))
        self.seconds = Histogram(
            _named("command_seconds"),
            "From the first try at a command to its recorded outcome, pauses included",
            _COMMAND,
            buckets=_SECONDS,
            registry=self.registry,
        )

    def reason(self, code: str | None) -> str:
        """Return a reason code as a label; back ends may have their own, and what they say may be anything."""
        if not code or code in self._reasons:
            return code or ""
        if len(self._reasons) >= _MOST_REASONS or not _CODE.fullmatch(code):
            return OTHER
        self._reasons.add(code)
        return code

    def _counter(self, name: str, what: str, labels: tuple[str, ...]) -> Counter:
        return Counter(_named(name), what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str, labels: tuple[str, ...]) -> Gauge:
        return Gauge(_named(name), what, labels, registry=self.registry)


def _named(name: str) -> str:
    return f"smart_routing_connector_{name}"
