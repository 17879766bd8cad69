"""Who waits for news of which desk, in this process."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import stamina
from redis.asyncio import Redis
from redis.exceptions import RedisError

_LONGEST_PAUSE_SECONDS: Final = 5.0

BOARD: Final = ""
"""Waits for all news."""


class News:
    """One Redis subscription for all event streams of an office.

    News can be lost with their connection. So all that wait are woken when there is a new one, and streams look again every now and then by
    themselves.
    """

    def __init__(self, redis: Redis, channel: str) -> None:
        self._redis = redis
        self._channel = channel
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def of(self, user: str) -> Iterator[asyncio.Event]:
        """Return an event that is set whenever a user's desk has changed; for BOARD, whenever anything has."""
        news = asyncio.Event()
        self._waiting[user].add(news)
        try:
            yield news
        finally:
            self._waiting[user].discard(news)
            if not self._waiting[user]:
                del self._waiting[user]

    def wake_all(self) -> None:
        """Let everybody look."""
        for user in list(self._waiting):
            self._wake(user)

    async def listen(self) -> None:
        """Pass news on until cancelled."""
        async for attempt in stamina.retry_context(on=(RedisError, OSError), attempts=None, timeout=None, wait_max=_LONGEST_PAUSE_SECONDS):
            with attempt:
                async with self._redis.pubsub() as subscription:
                    await subscription.subscribe(self._channel)
                    async for message in subscription.listen():
                        if message["type"] == "subscribe":
                            self.wake_all()
                        elif message["type"] == "message":
                            self._wake(message["data"].decode())
                            self._wake(BOARD)

    def _wake(self, user: str) -> None:
        for news in self._waiting.get(user, ()):
            news.set()
