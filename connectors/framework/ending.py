"""Ending tasks for sure."""

import asyncio
from typing import Any, Final

_AGAIN_SECONDS: Final = 0.2


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
