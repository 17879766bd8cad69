"""Circuit breakers: a target that does not answer is left alone for a while."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from connectors.framework.errors import CommandFailed, Retry, StoreAway

ILL: Final = frozenset({"unreachable", "timeout"})
"""Reasons of a `Retry` that speak of the target's health; with any other, and with `Refused`, the target has answered."""

_PROBE_SECONDS: Final = 1.0


@dataclass(slots=True)
class _Failing:
    """A target that failed when it was last called."""

    failures: int = 0
    open_until: float | None = None
    probing: bool = False


class Breakers:
    """A breaker for each target of one connector, in this process: each process finds out for itself.

    Closed: everything is let through. After so many failures in a row it is open: nothing is, for so many seconds. Then a single command
    may try; when the target answers, the breaker is closed, else open again. Our own, because of the libraries at hand none lets a
    single try through and keeps nothing of targets that are well, of which there are as many as flows name.
    """

    def __init__(self, failures: int, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = failures
        self._seconds = seconds
        self._clock = clock
        self._failing: dict[str, _Failing] = {}

    @property
    def open(self) -> int:
        """How many targets are left alone at the moment, or tried by a single command."""
        return sum(failing.open_until is not None for failing in self._failing.values())

    def wait(self, target: str) -> float:
        """Return for how many seconds the target is to be left alone; 0 where it may be called."""
        failing = self._failing.get(target)
        if failing is None or failing.open_until is None:
            return 0.0
        left = failing.open_until - self._clock()
        if left > 0:
            return left
        return min(self._seconds, _PROBE_SECONDS) if failing.probing else 0.0

    @contextmanager
    def watch(self, target: str) -> Iterator[None]:
        """Inside, the target is called; how it ends is remembered."""
        failing = self._failing.get(target)
        probe = failing is not None and failing.open_until is not None
        if probe and failing is not None:
            failing.probing = True
        ill: bool | None = None  # cut short, a fault of the connector, a store of ours away: it says nothing of the target
        try:
            yield
            ill = False
        except StoreAway:
            raise
        except CommandFailed as failed:
            ill = isinstance(failed, Retry) and failed.reason in ILL
            raise
        finally:
            if ill is not None:
                self._note(target, ill=ill)
            elif failing is not None and probe:
                failing.probing = False

    def _note(self, target: str, *, ill: bool) -> None:
        if not ill:
            self._failing.pop(target, None)
            return
        failing = self._failing.setdefault(target, _Failing())
        failing.failures += 1
        failing.probing = False
        if failing.failures >= self._most:
            failing.open_until = self._clock() + self._seconds
