"""Requests that go out together: what is asked while the last batch is on its way makes the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from connectors.framework.ending import end

Request = TypeVar("Request")
Reply = TypeVar("Reply")

_LARGEST: Final = 256


class Batches(Generic[Request, Reply]):
    """Sends requests of many tasks in one round trip, and gives each task its own reply.

    Nobody waits for a batch to fill: the first request goes out at once, with those that were made at the same time.
    """

    def __init__(self, send: Callable[[Sequence[Request]], Awaitable[Sequence[Reply | Exception]]]) -> None:
        """Prepare; `send` returns a reply or an error for each request, in their order, or raises what is the error of all."""
        self._send = send
        self._waiting: deque[tuple[Request, asyncio.Future[Reply]]] = deque()
        self._sending: asyncio.Task[None] | None = None

    async def ask(self, request: Request) -> Reply:
        """Send a request and return its reply; raises its error."""
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, reply))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())
        return await reply

    async def close(self) -> None:
        """Send nothing more; whoever still waits is cancelled."""
        await end(self._sending)

    async def _send_all(self) -> None:
        batch: list[tuple[Request, asyncio.Future[Reply]]] = []
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _LARGEST))]
                try:
                    replies = await self._send([request for request, _ in batch])
                except Exception as error:  # noqa: BLE001 - whatever it is, it is for those who asked
                    replies = [error] * len(batch)
                for (_, future), reply in zip(batch, replies, strict=True):
                    if future.done():  # who asked was cancelled
                        continue
                    if isinstance(reply, Exception):
                        future.set_exception(reply)
                    else:
                        future.set_result(reply)
        finally:
            self._sending = None
            for _, future in (*batch, *self._waiting):
                future.cancel()
            self._waiting.clear()
