"""Which connectors are alive, so that the claims of those that are not can be taken over."""

import asyncio
import contextlib
import logging
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

import stamina
from redis.asyncio import Redis
from redis.exceptions import RedisError

from connectors.framework.ending import end

_BEATS: Final = 4
"""How often a connector says that it is alive before the others would believe it dead."""

logger = logging.getLogger(__name__)


class Presence:
    """One running connector's sign of life: a key in Redis that expires `seconds` after the connector was last heard of.

    One that was stopped for longer and woken may find its commands taken over; its own answers no longer count then. It has a name for
    each time that it is given partitions: what was cut off when it had to give them up is nobody's then, although the connector lives.
    """

    def __init__(self, redis: Redis, prefix: str, seconds: float) -> None:
        self.name = uuid4().hex
        self._redis = redis
        self._prefix = prefix
        self._seconds = seconds
        self._beating: asyncio.Task[None] | None = None
        self._tries = 0
        self._trying: set[str] = set()

    async def __aenter__(self) -> Self:
        """Be alive before the first command is claimed."""
        await self._beat()
        self._beating = asyncio.create_task(self._keep_beating())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Leave no claims to wait for: who comes next need not wait for the expiry."""
        await end(self._beating)
        with contextlib.suppress(RedisError):
            await self._redis.delete(self._key(self.name))

    async def begin_anew(self) -> None:
        """Take another name, before the next command is claimed; whatever was claimed under the old one is left behind.

        Waits for Redis, as claims do.
        """
        old, self.name = self.name, uuid4().hex
        async for attempt in stamina.retry_context(on=RedisError, attempts=None, timeout=None):
            with attempt:
                await self._beat()
                await self._redis.delete(self._key(old))

    def claimant(self) -> str:
        """Return a name for one try at one command; `done` ends it."""
        self._tries += 1
        claimant = f"{self.name}/{self._tries}"
        self._trying.add(claimant)
        return claimant

    def done(self, claimant: str) -> None:
        """The try has ended, however it did."""
        self._trying.discard(claimant)

    async def is_alive(self, claimant: str) -> bool:
        """Whether somebody may still be at it under this name."""
        connector, _, _ = claimant.partition("/")
        if connector == self.name:
            return claimant in self._trying
        return bool(await self._redis.exists(self._key(connector)))

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(self._seconds / _BEATS)
            try:
                await self._beat()
            except RedisError as error:
                logger.warning("cannot say that this connector is alive: %s", error)

    async def _beat(self) -> None:
        await self._redis.set(self._key(self.name), b"", px=int(self._seconds * 1000))

    def _key(self, connector: str) -> str:
        return f"{self._prefix}{connector}"
