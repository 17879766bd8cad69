"""Who is signed in, in Redis, so that every process of the office knows it."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

_BYTES: Final = 32
TRIES: Final = 10
"""Wrong passwords for a name after which it has to wait."""

WAIT_SECONDS: Final = 300
"""How long wrong passwords count."""


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in: whose, and the token that each of its changing requests has to name, which no other site can know."""

    name: str
    csrf: str


class Sessions:
    """Sign-ins of a deployment. Redis knows only digests of their keys: whoever reads it can use none."""

    def __init__(self, redis: Redis, topic_prefix: str, expiry_seconds: float) -> None:
        self._redis = redis
        self._prefix = f"{topic_prefix}office:"
        self._expiry_ms = int(expiry_seconds * 1000)

    async def begin(self, name: str) -> tuple[str, Session]:
        """Begin a session, and return its key and it."""
        key, session = secrets.token_urlsafe(_BYTES), Session(name, secrets.token_urlsafe(_BYTES))
        async with self._redis.pipeline() as pipeline:
            pipeline.hset(self._key(key), mapping={"name": session.name, "csrf": session.csrf})
            pipeline.pexpire(self._key(key), self._expiry_ms)
            await pipeline.execute()
        return key, session

    async def find(self, key: str) -> Session | None:
        """Return a session and let it live on; None where it is over."""
        async with self._redis.pipeline() as pipeline:
            pipeline.hmget(self._key(key), "name", "csrf")
            pipeline.pexpire(self._key(key), self._expiry_ms)
            (name, csrf), _ = await pipeline.execute()
        return None if name is None or csrf is None else Session(name.decode(), csrf.decode())

    async def finish(self, key: str) -> None:
        """End a session."""
        await self._redis.delete(self._key(key))

    async def may_try(self, name: str) -> bool:
        """Count a try to sign in, before it is made; whether it may be made at all."""
        tries = f"{self._prefix}tries:{hashlib.sha256(name.encode()).hexdigest()}"
        async with self._redis.pipeline() as pipeline:
            # Not EXPIRE … NX: Redis 6.2, which the embedded stack brings, has no such option.
            pipeline.set(tries, 0, ex=WAIT_SECONDS, nx=True)
            pipeline.incr(tries)
            _, count = await pipeline.execute()
        return int(count) <= TRIES

    async def forget_tries(self, name: str) -> None:
        """The name has signed in."""
        await self._redis.delete(f"{self._prefix}tries:{hashlib.sha256(name.encode()).hexdigest()}")

    def _key(self, key: str) -> str:
        return f"{self._prefix}session:{hashlib.sha256(key.encode()).hexdigest()}"
