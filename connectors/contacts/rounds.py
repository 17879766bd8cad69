"""Work that is done once for all who wait for it."""

import asyncio
from collections.abc import Awaitable, Callable

from connectors.framework.ending import end


class Rounds:
    """Who comes while a round is under way shares the next one, which begins after all of them came."""

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._current: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Wait for a round that begins from now on; raises what it raises. Who stops waiting does not stop it for the others."""
        if self._next is None:
            self._next = asyncio.create_task(self._run(self._current))
            self._next.add_done_callback(_seen)
        await asyncio.shield(self._next)

    async def close(self) -> None:
        """Stop."""
        await end(self._next, self._current)

    async def _run(self, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await asyncio.wait([before])
        self._current, self._next = self._next, None
        await self._work()


def _seen(task: "asyncio.Task[None]") -> None:
    if not task.cancelled():
        task.exception()
