"""What became of messages that were sent: the gateway's receipts, kept in Redis."""

import time
from collections.abc import Mapping
from typing import Any, Final

from redis.asyncio import Redis

RANKS: Final[Mapping[str, int]] = {
    "accepted": 1,
    "scheduled": 1,
    "queued": 2,
    "sending": 3,
    "sent": 4,
    "delivered": 5,
    "undelivered": 5,
    "failed": 5,
    "canceled": 5,
    "read": 6,
}
"""How far a message has come by each status; receipts arrive in any order, and an earlier one changes nothing any more."""

RECENT: Final = 10_000
"""About so many of the latest receipts are kept for people to look at."""

# KEYS: 1 receipt, 2 the stream of the latest; ARGV: rank, expiry in ms, how many are kept in the stream, key, then field and value in turn.
_RECORD: Final = """
if tonumber(redis.call('HGET', KEYS[1], 'rank') or '0') >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'rank', ARGV[1], unpack(ARGV, 5))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'key', ARGV[4], unpack(ARGV, 5))
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
"""


class Receipts:
    """The latest status of each message, by the key under which it was sent."""

    def __init__(self, redis: Redis, prefix: str, expiry_seconds: float) -> None:
        self._redis = redis
        self._prefix = f"{prefix}receipt:"
        self._recent = f"{prefix}receipts"
        self._expiry_ms = int(expiry_seconds * 1000)
        self._record = redis.register_script(_RECORD)

    async def record(self, key: str, status: str, message_id: str, code: str | None = None) -> bool:
        """Note a status; returns whether it is further than what was known. One that we do not know counts for nothing."""
        rank = RANKS.get(status)
        if rank is None:
            return False
        fields = {"status": status, "message": message_id, "code": code or "", "at": str(int(time.time() * 1000))}
        args: list[str | int] = [rank, self._expiry_ms, RECENT, key, *(part for pair in fields.items() for part in pair)]
        return bool(await self._record(keys=[self._prefix + key, self._recent], args=args))

    async def recent(self, number: int) -> list[dict[str, str]]:
        """Return the latest receipts, newest first, as `find` does, each with its `key`."""
        found: Any = await self._redis.xrevrange(self._recent, count=number)
        return [{name.decode(): value.decode() for name, value in fields.items()} for _, fields in found]

    async def find(self, key: str) -> dict[str, str] | None:
        """Return `status`, `message` (the provider's id), `code` and `at` (epoch ms), or None where no receipt came."""
        found: Any = await self._redis.hgetall(self._prefix + key)
        return {name.decode(): value.decode() for name, value in found.items() if name != b"rank"} if found else None
