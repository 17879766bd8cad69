"""What was found about the connectors' framework, as data and for people."""

from typing import Final

from msgspec import Struct
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.report import Machine

AIM_PER_PROCESSOR_SECOND: Final = 2_000.0


class Lap(Struct, frozen=True):
    """One lap with more commands waiting than it took."""

    per_second: float
    """Commands a second of wall-clock time."""

    per_processor_second: float
    """Commands a second of the connector's processor time, all its threads together."""


class Latency(Struct, frozen=True):
    """From the moment at which a command was due to be sent to the moment at which a reader had its response."""

    rate: float
    """Commands a second that were sent."""

    p50_ms: float
    p99_ms: float
    highest_ms: float
    commands: int


class Memory(Struct, frozen=True):
    """Memory over many commands."""

    commands: int
    resident_mib: list[float]
    """The connector's, at equal distances from the first to the last command."""

    redis_bytes_per_command: float
    """What a command's record takes until it expires."""

    expiring_keys: float
    """Share of Redis' keys that have an expiry."""


class ConnectorReport(Struct, frozen=True):
    """One run of the benchmark."""

    machine: Machine
    kafka: str
    partitions: int
    conversations: int
    laps: list[Lap]
    per_second: float
    """The laps' median."""

    per_processor_second: float
    """The laps' median."""

    latency: Latency
    memory: Memory | None


def shown(report: ConnectorReport) -> Group:
    """Return the report for people."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_row("commands/s", f"{report.per_second:,.0f}")
    table.add_row("  slowest and fastest lap", _range([lap.per_second for lap in report.laps]))
    reached = Text("reached", "green") if report.per_processor_second >= AIM_PER_PROCESSOR_SECOND else Text("not reached", "red")
    table.add_row(
        "commands per second of processor time", f"{report.per_processor_second:,.0f}", f"aim ≥ {AIM_PER_PROCESSOR_SECOND:,.0f}", reached
    )
    table.add_row("  slowest and fastest lap", _range([lap.per_processor_second for lap in report.laps]))
    table.add_row("commands/s at half load", f"{report.latency.rate:,.0f}")
    table.add_row("  p50", f"{report.latency.p50_ms:,.0f} ms")
    table.add_row("  p99", f"{report.latency.p99_ms:,.0f} ms")
    if (memory := report.memory) is not None:
        some = [memory.resident_mib[at] for at in (0, len(memory.resident_mib) // 10, len(memory.resident_mib) // 2, -1)]
        table.add_row(
            f"memory after 0, a tenth, half and all of {memory.commands:,} commands", ", ".join(f"{one:,.0f}" for one in some), "MiB"
        )
        table.add_row("Redis, a command", f"{memory.redis_bytes_per_command:,.0f}", "bytes")
        table.add_row("  of which expire", f"{memory.expiring_keys:.1%}")
    machine = report.machine
    return Group(
        Text(
            f"{report.conversations:,} conversations, {report.partitions} partitions. {machine.system}, {machine.processors} processors "
            f"for all, Kafka ({report.kafka}) and Redis included; Python {machine.python}; load before: {machine.load:.2f}."
        ),
        "",
        table,
    )


def _range(values: list[float]) -> str:
    return f"{min(values):,.0f} – {max(values):,.0f}"
