"""Commands side by side, but those of one conversation one after the other."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from connectors.framework.ending import end

Job = TypeVar("Job")


class Lanes(Generic[Job]):
    """A lane per conversation that has commands; a task per lane works it off and ends with it.

    A job that raises closes all lanes and leaves its error in `fault`: what follows it in its conversation must not overtake it.
    """

    def __init__(self, work: Callable[[Job], Awaitable[None]]) -> None:
        self._work = work
        self._waiting: dict[Hashable, deque[Job]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: set[asyncio.Task[None]] = set()
        self._closed = False
        self.fault: BaseException | None = None

    def add(self, conversation: Hashable, job: Job) -> None:
        """Put a job at the end of its conversation's lane."""
        waiting = self._waiting.get(conversation)
        if waiting is not None:
            waiting.append(job)
            return
        self._waiting[conversation] = deque([job])
        task = asyncio.create_task(self._run(conversation))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, a job is given the time to end when the lanes are drained; outside, it is cancelled at once."""
        task = asyncio.current_task()
        if task is None or task not in self._tasks:
            raise AssertionError("held() is for a job in its lane")
        self._held.add(task)
        try:
            yield
        except Exception:
            if self._closed:  # what the job would do about it, such as waiting before another try, is no longer wanted
                task.cancel()
            raise
        finally:
            self._held.discard(task)

    async def drain(self, seconds: float) -> None:
        """Start no further job, cancel those that only wait, give those that are held so long to end, then cancel them, too."""
        self._closed = True
        for task in self._tasks - self._held:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        await end(*self._tasks)

    async def _run(self, conversation: Hashable) -> None:
        waiting = self._waiting[conversation]
        try:
            while waiting and not self._closed:
                await self._work(waiting.popleft())
        finally:
            del self._waiting[conversation]

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._closed = True
            self.fault = self.fault or fault
