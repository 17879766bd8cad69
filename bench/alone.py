"""The engine alone: no Kafka, no journal, no store; events are applied to states that go through their codec before and after."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec import Struct
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench import actions, conversations, growth
from bench.report import Aim, Machine, this_machine
from bench.rounds import Figure

Show = Callable[[str, float], None]
"""Called with what is being done, and the share of the whole that is done, from 0 to 1."""


class AloneReport(Struct, frozen=True):
    """One run of the benchmark. Figures are microseconds of processor time."""

    machine: Machine
    rounds: int
    actions: dict[str, Figure]
    """One action of each type, with the answers that it waits for."""

    growth: dict[str, Figure]
    """One event of four actions, with so much around it."""

    examples: dict[str, Figure]
    """One action of each example, in all conversations of its tests."""

    aims: list[Aim]


def run(rounds: int, examples: Iterable[Path], show: Show) -> AloneReport:
    """Measure.

    Raises SuiteRefused or SimulationError where an example's tests cannot be played.
    """
    machine = this_machine()
    show("Action types", 0.0)
    of_actions = actions.measure(rounds)
    show("Growth", 0.5)
    of_growth = growth.measure(rounds)
    show("Examples", 0.8)
    of_examples = conversations.measure(conversations.examples(examples), rounds)
    return AloneReport(machine, rounds, of_actions, of_growth, of_examples, aims(of_actions, of_growth))


def aims(of_actions: Mapping[str, Figure], of_growth: Mapping[str, Figure]) -> list[Aim]:
    """Compare what was found with the aims."""
    average = actions.average(of_actions)
    small, *_, large = (of_growth[f"{size:,} actions"].median_us for size in growth.SIZES)
    grown = large / small
    return [
        Aim("an action of those that call nobody, µs", f"≤ {actions.AIM_US:g}", average, average <= actions.AIM_US),
        Aim("an event in a flow of 1,000 actions / of 10", "≤ 1.1", grown, grown <= 1.1),
    ]


def shown(report: AloneReport) -> Group:
    """Return the report for people."""
    compared = Table(box=None, pad_edge=False, show_header=False)
    for aim in report.aims:
        verdict = Text("reached", "green") if aim.reached else Text("not reached", "red")
        compared.add_row(aim.what, f"{aim.found:.2f}", f"aim {aim.aim}", verdict)
    machine = report.machine
    told = Text(
        f"{machine.system}, Python {machine.python}, load before: {machine.load:.2f}. Microseconds of processor time, median and "
        f"quartiles of {report.rounds} rounds; × is in units of what a state's way through its codec took in the same round."
    )
    groups = {
        "One action, answers included": report.actions,
        "One event of four actions": report.growth,
        "One action of an example": report.examples,
    }
    tables = [part for title, figures in groups.items() if figures for part in ("", _table(title, figures))]
    return Group(told, *tables, "", compared)


def _table(title: str, figures: Mapping[str, Figure]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(title)
    for heading in ("µs", "quartiles", "×"):
        table.add_column(heading, justify="right")
    for name, figure in figures.items():
        table.add_row(name, f"{figure.median_us:.1f}", f"{figure.low_us:.1f} – {figure.high_us:.1f}", f"{figure.baselines:.1f}")
    return table
