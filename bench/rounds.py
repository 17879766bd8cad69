"""Comparing what pieces of work cost on a machine that others use, too: processor time, many short rounds by turns, medians."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

Work = Callable[[], object]
"""One unit of work; done again and again, it always does the same."""

TIMES: Final = 40
"""Units of work that are timed at once: enough to make nothing of the clock's own cost, few enough to be over before others disturb."""


class Figure(Struct, frozen=True):
    """What one unit of work cost."""

    median_us: float
    low_us: float
    """A quarter of the rounds took less."""

    high_us: float
    """A quarter of the rounds took more."""

    baselines: float
    """The median, over the rounds, of the cost in units of the baseline that the same round timed."""


def compare(
    works: Mapping[str, Work], baseline: Work, rounds: int, *, times: int = TIMES, parts: Mapping[str, int] | None = None
) -> dict[str, Figure]:
    """Return what each piece of work costs. In every round each has its turn, the baseline first; the first round is not counted.

    Args:
        works: what is compared, by name.
        baseline: what tells how fast the machine is at that moment.
        rounds: rounds that count.
        times: units of work that are timed at once.
        parts: into how many equal parts the figure of a work is divided, by name; 1 where it is not said.
    """
    spent: dict[str, list[float]] = {name: [] for name in works}
    ratios: dict[str, list[float]] = {name: [] for name in works}
    collects = gc.isenabled()
    gc.disable()
    try:
        for number in range(rounds + 1):
            gc.collect()
            unit = _timed(baseline, TIMES)
            for name, work in works.items():
                each = _timed(work, times) / (parts or {}).get(name, 1)
                if number:
                    spent[name].append(each)
                    ratios[name].append(each / unit)
    finally:
        if collects:
            gc.enable()
    return {name: _figure(spent[name], ratios[name]) for name in works}


def _timed(work: Work, times: int) -> float:
    """Return microseconds of processor time that a unit of work took."""
    work()  # brings back to the processor's caches what it needs
    began = time.process_time_ns()
    for _ in range(times):
        work()
    return (time.process_time_ns() - began) / times / 1000


def _figure(spent: list[float], ratios: list[float]) -> Figure:
    low, median, high = statistics.quantiles(spent, n=4) if len(spent) > 1 else spent * 3
    return Figure(median, low, high, statistics.median(ratios))
