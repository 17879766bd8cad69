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

# KEYS[1] receipt; ARGV: rank, expiry in ms, then field and value in turn.
_RECORD: Final = """
if tonumber(redis.call('HGET', KEYS[1], 'rank') or '0') >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'rank', ARGV[1], unpack(ARGV, 3))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""


class Receipts:
    """The latest status of each message, by the key under which it was sent."""

    def __init__(self, redis: Redis, prefix: str, expiry_seconds: float) -> None:
        self._redis = redis
        self._prefix = f"{prefix}receipt:"
        self._expiry_ms = int(expiry_seconds * 1000)
        self._record = redis.register_script(_RECORD)

    async def record(self, key: str, status: str, message_id: str, code: str | None = None) -> bool:
        """Note a status; returns whether it is further than what was known. One that we do not know counts for nothing."""
        rank = RANKS.get(status)
        if rank is None:
            return False
        fields = {"status": status, "message": message_id, "code": code or "", "at": str(int(time.time() * 1000))}
        args: list[str | int] = [rank, self._expiry_ms, *(part for pair in fields.items() for part in pair)]
        return bool(await self._record(keys=[self._prefix + key], args=args))

    async def find(self, key: str) -> dict[str, str] | None:
        """Return `status`, `message` (the provider's id), `code` and `at` (epoch ms), or None where no receipt came."""
        found: Any = await self._redis.hgetall(self._prefix + key)
        return {name.decode(): value.decode() for name, value in found.items() if name != b"rank"} if found else None
