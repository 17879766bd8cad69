"""Work that goes on beside a connector or a page: what fails is done again."""

import asyncio
from collections.abc import Awaitable, Callable

import stamina


def repeat(work: Callable[[], Awaitable[object]], *, longest_pause_seconds: float) -> asyncio.Task[None]:
    """Start a task that does the work over and over until it is ended (`connectors.framework.ending.end`).

    Whatever the work raises is logged, and does not end it: nobody would see that it is gone. After a failure there is a pause, longer with
    each further one in a row.
    """
    return asyncio.create_task(_over_and_over(work, longest_pause_seconds))


async def _over_and_over(work: Callable[[], Awaitable[object]], longest_pause_seconds: float) -> None:
    while True:
        async for attempt in stamina.retry_context(on=Exception, attempts=None, timeout=None, wait_max=longest_pause_seconds):
            with attempt:
                await work()
