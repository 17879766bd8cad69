"""The record of executed commands in Redis: who executes a command id, and what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any, Final

import stamina
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from connectors.framework.batches import Batches

# One command id is one hash: `owner` while somebody executes it, with `inherited` where another had begun; `response` once it is answered.
# Each script works off many commands and gives a reply for each. Repeating a call with the same owner changes nothing and returns the same:
# a lost connection makes us repeat it.

# KEYS records; ARGV: expiry in ms, then for each record the claimant, and the owner that is known to be dead or an empty string.
_CLAIM: Final = """
local function claim(key, claimant, dead)
  local found = redis.call('HMGET', key, 'response', 'owner', 'inherited')
  if found[1] then return {'answered', found[1]} end
  if found[2] == claimant then return {found[3] and 'inherited' or 'claimed', claimant} end
  if found[2] and found[2] ~= dead then return {'taken', found[2]} end
  redis.call('HSET', key, 'owner', claimant)
  redis.call('PEXPIRE', key, ARGV[1])
  if not found[2] then return {'claimed', claimant} end
  redis.call('HSET', key, 'inherited', '1')
  return {'inherited', claimant}
end
local replies = {}
for nth, key in ipairs(KEYS) do replies[nth] = claim(key, ARGV[2 * nth], ARGV[2 * nth + 1]) end
return replies
"""

# KEYS records; ARGV: expiry in ms, then for each record the claimant and the response.
# The reply is the response that counts, false where another is at it.
_ANSWER: Final = """
local function answer(key, claimant, response)
  local found = redis.call('HMGET', key, 'response', 'owner')
  if found[1] then return found[1] end
  if found[2] and found[2] ~= claimant then return false end
  redis.call('HSET', key, 'response', response)
  redis.call('HDEL', key, 'owner', 'inherited')
  redis.call('PEXPIRE', key, ARGV[1])
  return response
end
local replies = {}
for nth, key in ipairs(KEYS) do replies[nth] = answer(key, ARGV[2 * nth], ARGV[2 * nth + 1]) end
return replies
"""

# KEYS records; ARGV: an expiry that plays no part, then for each record the claimant, and an empty string.
_RELEASE: Final = """
local replies = {}
for nth, key in ipairs(KEYS) do
  replies[nth] = redis.call('HGET', key, 'owner') == ARGV[2 * nth] and redis.call('DEL', key) or 0
end
return replies
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The claimant may execute the command; nobody is at it."""


@dataclass(frozen=True, slots=True)
class Inherited:
    """The claimant answers for the command now; a dead connector had begun it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Another claimant has it."""

    owner: str


@dataclass(frozen=True, slots=True)
class Answered:
    """It was executed; this is the response's record, byte for byte."""

    response: bytes


Claim = Claimed | Inherited | Taken | Answered


@dataclass(frozen=True, slots=True)
class _Call:
    """What a script is to do with one command."""

    script: str
    key: str
    claimant: str
    content: str | bytes = field(default="", repr=False)


class ExecutionRecord:
    """Claims and answers of one family's commands. A claimant is named `<connector>/<number>`, once for every try.

    Many commands go out in one round trip, each script once for all of them: at thousands a second it is what a trip and a call cost.
    """

    def __init__(self, redis: Redis, prefix: str, expiry_seconds: float) -> None:
        self._redis = redis
        self._prefix = prefix
        self._expiry_ms = int(expiry_seconds * 1000)
        self._batches: Batches[_Call, Any] = Batches(self._send)

    async def close(self) -> None:
        """Wait for no more replies."""
        await self._batches.close()

    async def claim(self, command_id: str, claimant: str, dead: str = "") -> Claim:
        """Claim a command; `dead` names an owner whose claim may be taken over."""
        kind, content = await self._call(_Call(_CLAIM, self._prefix + command_id, claimant, dead))
        match kind:
            case b"answered":
                return Answered(content)
            case b"claimed":
                return Claimed()
            case b"inherited":
                return Inherited()
            case b"taken":
                return Taken(content.decode())
        raise AssertionError(f"claim: {kind!r}")

    async def answer(self, command_id: str, claimant: str, response: bytes) -> bytes | None:
        """Record the response and end the claim; returns the response that counts, None where another claimant is to answer."""
        counts: bytes | None = await self._call(_Call(_ANSWER, self._prefix + command_id, claimant, response))
        return counts

    async def release(self, command_id: str, claimant: str) -> None:
        """End the claim: nothing was done."""
        await self._call(_Call(_RELEASE, self._prefix + command_id, claimant))

    async def _call(self, call: _Call) -> Any:
        try:
            return await self._batches.ask(call)
        except RedisError:
            return await self._call_again(call)

    async def _call_again(self, call: _Call) -> Any:
        """Repeat a call by itself: whatever is wrong with it is then wrong with no other.

        Without its record a connector cannot tell what was executed: it waits for Redis, however long that takes.
        """
        async for attempt in stamina.retry_context(on=RedisError, attempts=None, timeout=None):
            with attempt:
                (reply,) = await self._send([call])
                if isinstance(reply, Exception):
                    raise reply
                return reply
        raise AssertionError("retried for ever")

    async def _send(self, calls: Sequence[_Call]) -> Sequence[Any]:
        groups: dict[str, list[int]] = {}
        for place, call in enumerate(calls):
            groups.setdefault(call.script, []).append(place)
        async with self._redis.pipeline(transaction=False) as pipe:
            for script, places in groups.items():
                group = [calls[place] for place in places]
                arguments = [argument for call in group for argument in (call.claimant, call.content)]
                pipe.evalsha(_SHA[script], len(group), *(call.key for call in group), self._expiry_ms, *arguments)
            answers = await pipe.execute(raise_on_error=False)
        replies: list[Any] = [None] * len(calls)
        for (script, places), answer in zip(groups.items(), answers, strict=True):
            if isinstance(answer, NoScriptError):  # Redis was started anew; who asked asks again
                await self._redis.script_load(script)
            for nth, place in enumerate(places):
                replies[place] = answer if isinstance(answer, Exception) else answer[nth]
        return replies


_SHA: Final = {script: sha1(script.encode(), usedforsecurity=False).hexdigest() for script in (_CLAIM, _ANSWER, _RELEASE)}
