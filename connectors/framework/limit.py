"""How long a command may be tried."""

import time

from connectors.framework.errors import Retry


class Limit:
    """Until when a command may be tried: its deadline, its method's budget, and where it has neither, what is configured."""

    def __init__(self, deadline: int | None, budget: float | None, otherwise: float) -> None:
        """Begin now; `deadline` is in epoch milliseconds, the others in seconds."""
        self.found_late = False
        ends = [] if budget is None else [budget]
        if deadline is not None:
            left = deadline / 1000 - time.time()
            self.found_late = left < 0
            ends.append(left)
        self._began = time.monotonic()
        self._end = self._began + min(ends, default=otherwise)

    def left(self) -> float:
        """How many seconds are left; negative past the limit."""
        return self._end - time.monotonic()

    def spent(self) -> float:
        """How many seconds have passed."""
        return time.monotonic() - self._began

    def allows(self, retry: Retry, next_wait: float) -> bool:
        """Whether the next try, after what `retry` asks for or else `next_wait` seconds, comes before the limit."""
        return (next_wait if retry.after is None else retry.after) < self.left()
