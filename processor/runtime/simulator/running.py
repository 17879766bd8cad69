"""Many conversations at once: in processes of their own, where there are many."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Final

from processor.runtime.simulator.suite import Suite, load_suite
from processor.runtime.simulator.trial import Verdict, run

WORTH_A_PROCESS: Final = 1500
"""Conversations for which another process is worth its start."""

_CHUNK: Final = 50

Chosen = tuple[Suite, Sequence[int]]
"""A test file, and the numbers of the conversations to run."""


def run_all(chosen: Sequence[Chosen], jobs: int | None = None) -> Iterator[Verdict]:
    """Yield the verdict of each conversation, in order.

    `jobs` is how many processes share the work; as many as it is worth, and as there are cores, where it is None.
    """
    count = sum(len(numbers) for _, numbers in chosen)
    wanted = jobs or min(os.cpu_count() or 1, count // WORTH_A_PROCESS)
    if wanted <= 1:
        for suite, numbers in chosen:
            for number in numbers:
                yield run(suite, number)
        return
    chunks = [(suite.file, numbers[at : at + _CHUNK]) for suite, numbers in chosen for at in range(0, len(numbers), _CHUNK)]
    # Spawned, not forked: the same on every platform, and nothing of the caller's threads and locks is inherited.
    with ProcessPoolExecutor(min(wanted, len(chunks)), multiprocessing.get_context("spawn")) as pool:
        for verdicts in pool.map(_run_some, *zip(*chunks, strict=True)):
            yield from verdicts


def _run_some(file: Path, numbers: Sequence[int]) -> list[Verdict]:
    suite = _suite(file)
    return [run(suite, number) for number in numbers]


_suite = lru_cache(maxsize=64)(load_suite)
