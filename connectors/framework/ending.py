"""Ending tasks for sure."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

_AGAIN_SECONDS: Final = 0.2

logger = logging.getLogger(__name__)


async def end(*tasks: "asyncio.Task[Any] | None") -> None:
    """Cancel tasks until they have ended.

    Once is not enough: clients of Kafka and Redis swallow a cancellation that reaches them while they close or time out, and what retries
    them goes on.
    """
    pending = {task for task in tasks if task is not None and not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_SECONDS)


async def within(seconds: float, what: str, coroutine: Coroutine[Any, Any, Any]) -> bool:
    """Await something, but not for ever: clients of Kafka wait for a broker that does not answer as long as it takes.

    Returns whether it ended by itself; raises what it raises.
    """
    task = asyncio.create_task(coroutine)
    try:
        await asyncio.wait([task], timeout=seconds)
        if task.done() and not task.cancelled():
            task.result()
            return True
        # aiokafka's own tasks, which it cancels when it closes, may cancel what closes it.
        logger.warning("%s: %s", what, "given up" if task.done() else f"given up after {seconds:g} seconds")
        return False
    finally:
        await end(task)
