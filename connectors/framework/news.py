"""Who waits for news of what, in this process."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from redis.asyncio import Redis

from connectors.framework.ending import end
from connectors.framework.repetition import repeat

ALL: Final = ""
"""Waits for all news."""

_LONGEST_PAUSE_SECONDS: Final = 5.0


class News:
    """One Redis subscription for all event streams of a process; a message of the channel is the name of what has news.

    News can be lost with their connection. So all that wait are woken when there is a new one, and streams look again every now and then by
    themselves.
    """

    def __init__(self, redis: Redis, channel: str) -> None:
        """Prepare; the Redis client stays open for longer."""
        self._redis = redis
        self._channel = channel
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to listen; a Redis that is not there yet is tried again until it is."""
        self._listening = repeat(self._listen, longest_pause_seconds=_LONGEST_PAUSE_SECONDS)

    async def close(self) -> None:
        """Listen no more."""
        await end(self._listening)

    @contextmanager
    def of(self, name: str) -> Iterator[asyncio.Event]:
        """Return an event that is set whenever there is news of the name, such as a conversation; for ALL, whenever there is any."""
        news = asyncio.Event()
        self._waiting[name].add(news)
        try:
            yield news
        finally:
            self._waiting[name].discard(news)
            if not self._waiting[name]:
                del self._waiting[name]

    def wake_all(self) -> None:
        """Let everybody look."""
        for name in list(self._waiting):
            self._wake(name)

    async def _listen(self) -> None:
        async with self._redis.pubsub() as subscription:
            await subscription.subscribe(self._channel)
            async for message in subscription.listen():
                if message["type"] == "subscribe":
                    self.wake_all()
                elif message["type"] == "message":
                    self._wake(message["data"].decode())
                    self._wake(ALL)

    def _wake(self, name: str) -> None:
        for news in self._waiting.get(name, ()):
            news.set()
