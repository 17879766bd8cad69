"""What was found, as data and for people."""

import os
import platform
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.latency import Latency

_MIB = 1024 * 1024


class Result(Struct, frozen=True):
    """What was found about one contender."""

    name: str
    title: str
    promise: str
    events_per_second: float
    """The laps' median."""

    laps: list[float]
    """Events a second in each lap."""

    actions_per_second: float
    latency: Latency
    peak_memory_bytes: int | None


class Aim(Struct, frozen=True):
    """Something to reach, and what was found. Nothing was found where a contender was left out."""

    what: str
    aim: str
    found: float
    reached: bool


class Machine(Struct, frozen=True):
    """Where it was found."""

    system: str
    processors: int
    python: str
    load: float
    """Programs that wanted to run before the benchmark began (one-minute load average); more than a few tenths disturb it."""


class Report(Struct, frozen=True):
    """One run of the benchmark."""

    machine: Machine
    kafka: str
    partitions: int
    batch_events: int
    conversations: int
    events: int
    """Messages measured for each contender, over all laps."""

    actions_per_event: int
    results: list[Result]
    aims: list[Aim]


_ROWS: Final[Sequence[tuple[str, Callable[[Result], str]]]] = (
    ("promise", lambda result: result.promise),
    ("events/s", lambda result: f"{result.events_per_second:,.0f}"),
    ("  slowest and fastest lap", lambda result: f"{min(result.laps):,.0f} – {max(result.laps):,.0f}"),
    ("actions/s", lambda result: f"{result.actions_per_second:,.0f}"),
    ("events/s at half load", lambda result: f"{result.latency.rate:,.0f}"),
    ("  p50", lambda result: f"{result.latency.p50_ms:,.0f} ms"),
    ("  p99", lambda result: f"{result.latency.p99_ms:,.0f} ms"),
    ("peak memory", lambda result: f"{result.peak_memory_bytes / _MIB:,.0f} MiB" if result.peak_memory_bytes is not None else "unknown"),
)


def this_machine() -> Machine:
    """Describe the machine."""
    system = f"{platform.system()} {platform.machine()}"
    return Machine(system, len(os.sched_getaffinity(0)), platform.python_version(), os.getloadavg()[0])


def aims(results: Sequence[Result]) -> list[Aim]:
    """Compare what was found with the aims of which the contenders took part."""
    by_name = {result.name: result for result in results}
    engine = by_name.get("engine")
    if engine is None:
        return []
    found = []
    for name, least in (("bare", 0.5), ("faust", 2.0)):
        if name in by_name:
            ratio = engine.events_per_second / by_name[name].events_per_second
            found.append(Aim(f"events a second, engine / {name}", f"≥ {least:g}", ratio, ratio >= least))
    p99 = engine.latency.p99_ms
    found.append(Aim("engine's p99 at half load, ms", "≤ 100", p99, p99 <= 100))
    return found


def shown(report: Report) -> Group:
    """Return the report for people."""
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for result in report.results:
        table.add_column(result.title, justify="right", overflow="fold")
    for name, of in _ROWS:
        table.add_row(name, *(of(result) for result in report.results))
    compared = Table(box=None, pad_edge=False, show_header=False)
    for aim in report.aims:
        verdict = Text("reached", "green") if aim.reached else Text("not reached", "red")
        compared.add_row(aim.what, f"{aim.found:.2f}" if aim.found < 10 else f"{aim.found:.0f}", f"aim {aim.aim}", verdict)
    machine = report.machine
    return Group(
        Text(
            f"{report.events:,} messages each in {len(report.results[0].laps)} laps, {report.actions_per_event} actions a message, "
            f"{report.conversations:,} conversations, {report.partitions} partitions, at most {report.batch_events:,} events a transaction."
        ),
        Text(
            f"{machine.system}, {machine.processors} processors for all, Kafka ({report.kafka}) included; Python {machine.python}; "
            f"load before: {machine.load:.2f}."
        ),
        "",
        table,
        "",
        compared,
    )
