"""Whether each connector of a process is at work."""

import time
from collections.abc import Callable, Mapping


class Pulse:
    """When each family's connector last came to read commands; one that hangs, or cannot start, comes no more."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, float | None] = {}

    def expect(self, family: str) -> None:
        """It is to be at work."""
        self._last.setdefault(family, None)

    def beat(self, family: str) -> None:
        """It is at work."""
        self._last[family] = self._clock()

    def silence(self) -> Mapping[str, float | None]:
        """Return for how many seconds nothing was heard of each family; None where it has never been at work."""
        now = self._clock()
        return {family: None if last is None else now - last for family, last in self._last.items()}
