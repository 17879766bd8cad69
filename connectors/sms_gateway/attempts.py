"""Which messages were asked for, kept in Redis: for APIs without an idempotency key, so that a repeated command is recognised here."""

import time
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis

# KEYS[1] attempt; ARGV: ms now, note, expiry in ms. Returns what was there before.
_BEGIN: Final = """
local found = redis.call('HMGET', KEYS[1], 'begun', 'note', 'id')
if found[1] then return found end
redis.call('HSET', KEYS[1], 'begun', ARGV[1], 'note', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {false, false, false}
"""

# KEYS[1] attempt; KEYS[2] the message's id → attempt; ARGV: key, id, note, expiry in ms. Returns whose the id is.
_DONE: Final = """
local owner = redis.call('GET', KEYS[2])
if owner and owner ~= ARGV[1] then return owner end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[4])
redis.call('HSET', KEYS[1], 'id', ARGV[2], 'note', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return ARGV[1]
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An earlier attempt: when it began (epoch ms), the caller's note, and the provider's id where the message is known to be sent."""

    begun: int
    note: str
    message_id: str | None


class Attempts:
    """Attempts by key (such as a command's id), each with at most one message of the provider's, each message of one attempt."""

    def __init__(self, redis: Redis, prefix: str, expiry_seconds: float) -> None:
        self._redis = redis
        self._prefix = prefix
        self._expiry_ms = int(expiry_seconds * 1000)
        self._begin = redis.register_script(_BEGIN)
        self._done = redis.register_script(_DONE)

    async def begin(self, key: str, note: str) -> Attempt | None:
        """Note that a message is asked for now; returns the attempt that there was before, and then notes nothing."""
        return _attempt(*await self._begin(keys=[self._attempt(key)], args=[_now(), note, self._expiry_ms]))

    async def find(self, key: str) -> Attempt | None:
        """Return an attempt; None where none was made, or it came to nothing."""
        found: Any = await self._redis.hmget(self._attempt(key), ["begun", "note", "id"])
        return _attempt(*found)

    async def again(self, key: str, note: str) -> None:
        """The earlier attempt is known to have come to nothing; a new one begins now."""
        await self._redis.hset(self._attempt(key), mapping={"begun": _now(), "note": note})

    async def withdraw(self, key: str) -> None:
        """The provider has said that it did not take the message."""
        await self._redis.delete(self._attempt(key))

    async def done(self, key: str, message_id: str, note: str) -> bool:
        """Note the message; returns False where it is another attempt's."""
        keys = [self._attempt(key), f"{self._prefix}message:{message_id}"]
        owner: bytes = await self._done(keys=keys, args=[key, message_id, note, self._expiry_ms])
        return owner.decode() == key

    def _attempt(self, key: str) -> str:
        return f"{self._prefix}attempt:{key}"


def _attempt(begun: bytes | None, note: bytes | None, message_id: bytes | None) -> Attempt | None:
    return None if begun is None else Attempt(int(begun), (note or b"").decode(), message_id.decode() if message_id else None)


def _now() -> int:
    return int(time.time() * 1000)
