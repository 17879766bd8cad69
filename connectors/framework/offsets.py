"""Which offset of a partition may be committed: none past the oldest unfinished command."""

from collections import deque


class OffsetLedger:
    """The commands of one partition that are under way, in the order of their offsets.

    Commands finish in any order, because conversations run side by side; a committed offset says that every command before it is finished.
    """

    def __init__(self) -> None:
        self._open: deque[int] = deque()
        self._finished: set[int] = set()
        self._next: int | None = None
        self._committed: int | None = None

    @property
    def unfinished(self) -> int:
        """How many commands are under way."""
        return len(self._open) - len(self._finished)

    @property
    def read(self) -> int | None:
        """The offset after the newest that was read."""
        return self._next

    def begin(self, offset: int) -> None:
        """A command was read; offsets come in ascending order, with gaps where a log has them."""
        if self._next is not None and offset < self._next:
            raise AssertionError(f"offset {offset} read after {self._next - 1}")
        self._open.append(offset)
        self._next = offset + 1

    def finish(self, offset: int) -> None:
        """A command is executed, recorded and answered."""
        self._finished.add(offset)
        while self._open and self._open[0] in self._finished:
            self._finished.remove(self._open.popleft())

    def committable(self) -> int | None:
        """The offset from which another connector would have to go on; None where it is committed already, or nothing was read."""
        position = self._open[0] if self._open else self._next
        return None if position == self._committed else position

    def committed(self, position: int) -> None:
        """The group has taken this offset."""
        self._committed = position
