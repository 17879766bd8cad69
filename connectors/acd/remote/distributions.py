"""What we know of the distributions that a remote ACD has, in Redis."""

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

from redis.asyncio import Redis

from connectors.acd.floor.contact import Contact
from schemas.deployment import Deployment

Kind = Literal["queue", "user"]

_UNACKNOWLEDGED_MS: Final = 11 * 60 * 1_000
"""So long after it was last asked for, a distribution that was never acknowledged is forgotten: no flow waits longer (§ 4.1)."""

# KEYS: prefix. ARGV: distribution, kind, conversation, trace, expiry in ms. A known one stays as it is; returns whether it was not taken
# back.
_BEGIN: Final = """
local key = KEYS[1] .. 'remote:' .. ARGV[1]
if redis.call('HEXISTS', key, 'taken_back') == 1 then return 0 end
local known = redis.call('HGET', key, 'state')
if not known then redis.call('HSET', key, 'kind', ARGV[2], 'conversation', ARGV[3], 'trace', ARGV[4], 'state', 'open') end
if not known or (known == 'open' and redis.call('PTTL', key) > 0) then redis.call('PEXPIRE', key, ARGV[5]) end
return 1
"""

# KEYS: prefix. ARGV: distribution. One that is acknowledged is known until its end.
_ACKNOWLEDGE: Final = """
local key = KEYS[1] .. 'remote:' .. ARGV[1]
if redis.call('HGET', key, 'state') == 'open' then redis.call('PERSIST', key) end
return 1
"""

# KEYS: prefix. ARGV: distribution, expiry in ms, whether it is taken back (1).
_END: Final = """
redis.call('HSET', KEYS[1] .. 'remote:' .. ARGV[1], 'state', 'ended')
if ARGV[3] == '1' then redis.call('HSET', KEYS[1] .. 'remote:' .. ARGV[1], 'taken_back', '1') end
redis.call('PEXPIRE', KEYS[1] .. 'remote:' .. ARGV[1], ARGV[2])
return 1
"""

# KEYS: prefix. ARGV: id of the notice, distribution, schema, datum, whether it is the end (1), expiry in ms.
_NOTE: Final = """
local P = KEYS[1]
local found = redis.call('HMGET', P .. 'remote:' .. ARGV[2], 'state', 'conversation', 'trace')
if redis.call('EXISTS', P .. 'notice:' .. ARGV[1]) == 1 then return 'repeated' end
if not found[1] or not found[2] then return 'unknown' end
if found[1] == 'ended' then return 'over' end
redis.call('SET', P .. 'notice:' .. ARGV[1], '', 'PX', ARGV[6])
redis.call('XADD', P .. 'outbox', '*', 'conversation', found[2], 'trace', found[3], 'schema', ARGV[3], 'datum', ARGV[4])
if ARGV[5] == '1' then
  redis.call('HSET', P .. 'remote:' .. ARGV[2], 'state', 'ended')
  redis.call('PEXPIRE', P .. 'remote:' .. ARGV[2], ARGV[6])
end
return 'taken'
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a remote ACD tells of a distribution, as it goes to the outbox."""

    id: str
    distribution: str
    schema: Literal["response", "agent_wrote"]
    datum: dict[str, Any]
    last: bool


class RemoteDistributions:
    """Which distributions are open, and which notices were taken. Methods raise RedisError."""

    def __init__(self, redis: Redis, deployment: Deployment, keep_seconds: float) -> None:
        self.prefix: Final = f"{{{deployment.topic_prefix}acd}}:"
        self.outbox: Final = f"{self.prefix}outbox"
        self._redis = redis
        self._keep_ms = int(keep_seconds * 1000)
        self._begin = redis.register_script(_BEGIN)
        self._acknowledge = redis.register_script(_ACKNOWLEDGE)
        self._end = redis.register_script(_END)
        self._note = redis.register_script(_NOTE)

    async def begin(self, contact: Contact, kind: Kind) -> bool:
        """Know a distribution before the remote ACD does; returns False where it was taken back before it came."""
        args: list[str | int] = [contact.id, kind, contact.conversation, contact.trace, _UNACKNOWLEDGED_MS]
        return bool(await self._begin(keys=[self.prefix], args=args))

    async def acknowledge(self, distribution: str) -> None:
        """Know a distribution until its end: the remote ACD has it."""
        await self._acknowledge(keys=[self.prefix], args=[distribution])

    async def end(self, distribution: str) -> None:
        """Hear nothing more of a distribution."""
        await self._end(keys=[self.prefix], args=[distribution, self._keep_ms, 0])

    async def take_back(self, distribution: str) -> None:
        """Hear nothing more of a distribution, and do not begin one that is not known yet."""
        await self._end(keys=[self.prefix], args=[distribution, self._keep_ms, 1])

    async def is_open(self, distribution: str) -> bool:
        """Whether a distribution has begun and not ended."""
        return bool(await self._redis.hget(self._key(distribution), "state") == b"open")

    async def kind(self, distribution: str) -> Kind | None:
        """Return what a distribution is to; None where it is not known."""
        match await self._redis.hget(self._key(distribution), "kind"):
            case b"queue":
                return "queue"
            case b"user":
                return "user"
            case _:
                return None

    async def note(self, notice: Notice) -> str:
        """Take a notice into the outbox, once; returns `taken`, `repeated`, `unknown` (no such distribution) or `over`."""
        args: list[str | int] = [
            notice.id,
            notice.distribution,
            notice.schema,
            json.dumps(notice.datum, ensure_ascii=False),
            int(notice.last),
            self._keep_ms,
        ]
        said: bytes = await self._note(keys=[self.prefix], args=args)
        return said.decode()

    def _key(self, distribution: str) -> str:
        return f"{self.prefix}remote:{distribution}"
