"""Who waits for news of which conversation, in this process."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import stamina
from redis.asyncio import Redis
from redis.exceptions import RedisError

_LONGEST_PAUSE_SECONDS: Final = 5.0


class Announcements:
    """One Redis subscription for all event streams of a gateway.

    An announcement can be lost with its connection. So all that wait are woken when there is a new one, and streams look again every now
    and then by themselves.
    """

    def __init__(self, redis: Redis, channel: str) -> None:
        self._redis = redis
        self._channel = channel
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def news_of(self, conversation_id: str) -> Iterator[asyncio.Event]:
        """Return an event that is set whenever the conversation has news."""
        news = asyncio.Event()
        self._waiting[conversation_id].add(news)
        try:
            yield news
        finally:
            self._waiting[conversation_id].discard(news)
            if not self._waiting[conversation_id]:
                del self._waiting[conversation_id]

    def wake_all(self) -> None:
        """Let everybody look."""
        for conversation_id in list(self._waiting):
            self._wake(conversation_id)

    async def listen(self) -> None:
        """Pass announcements on until cancelled."""
        async for attempt in stamina.retry_context(on=(RedisError, OSError), attempts=None, timeout=None, wait_max=_LONGEST_PAUSE_SECONDS):
            with attempt:
                async with self._redis.pubsub() as subscription:
                    await subscription.subscribe(self._channel)
                    async for message in subscription.listen():
                        if message["type"] == "subscribe":
                            self.wake_all()
                        elif message["type"] == "message":
                            self._wake(message["data"].decode())

    def _wake(self, conversation_id: str) -> None:
        for news in self._waiting.get(conversation_id, ()):
            news.set()
