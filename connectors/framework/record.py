"""The record of executed commands in Redis: who executes a command id, and what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import stamina
from redis.asyncio import Redis
from redis.commands.core import AsyncScript as Script
from redis.exceptions import NoScriptError, RedisError

from connectors.framework.batches import Batches

# One command id is one hash: `owner` while somebody executes it, with `inherited` where another had begun; `response` once it is answered.
# Each script is atomic, and repeating it with the same owner changes nothing and returns the same: a lost connection makes us repeat it.

# KEYS[1] record; ARGV: claimant, expiry in ms, owner that is known to be dead or an empty string.
_CLAIM: Final = """
local found = redis.call('HMGET', KEYS[1], 'response', 'owner', 'inherited')
if found[1] then return {'answered', found[1]} end
if found[2] == ARGV[1] then return {found[3] and 'inherited' or 'claimed', ARGV[1]} end
if found[2] and found[2] ~= ARGV[3] then return {'taken', found[2]} end
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if not found[2] then return {'claimed', ARGV[1]} end
redis.call('HSET', KEYS[1], 'inherited', '1')
return {'inherited', ARGV[1]}
"""

# KEYS[1] record; ARGV: claimant, expiry in ms, response. Returns the response that counts, or false where another is at it.
_ANSWER: Final = """
local found = redis.call('HMGET', KEYS[1], 'response', 'owner')
if found[1] then return found[1] end
if found[2] and found[2] ~= ARGV[1] then return false end
redis.call('HSET', KEYS[1], 'response', ARGV[3])
redis.call('HDEL', KEYS[1], 'owner', 'inherited')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return ARGV[3]
"""

# KEYS[1] record; ARGV: claimant.
_RELEASE: Final = """
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then redis.call('DEL', KEYS[1]) end
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
    """One run of a script for one command."""

    script: Script
    key: str
    args: tuple[str | bytes | int, ...]


class ExecutionRecord:
    """Claims and answers of one family's commands. A claimant is named `<connector>/<number>`, once for every try.

    The scripts of many commands go out in one pipeline: at thousands a second it is the round trips that cost.
    """

    def __init__(self, redis: Redis, prefix: str, expiry_seconds: float) -> None:
        self._redis = redis
        self._prefix = prefix
        self._expiry_ms = int(expiry_seconds * 1000)
        self._claim = redis.register_script(_CLAIM)
        self._answer = redis.register_script(_ANSWER)
        self._release = redis.register_script(_RELEASE)
        self._batches: Batches[_Call, Any] = Batches(self._send)

    async def close(self) -> None:
        """Wait for no more replies."""
        await self._batches.close()

    async def claim(self, command_id: str, claimant: str, dead: str = "") -> Claim:
        """Claim a command; `dead` names an owner whose claim may be taken over."""
        kind, content = await self._call(self._claim, command_id, claimant, self._expiry_ms, dead)
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
        counts: bytes | None = await self._call(self._answer, command_id, claimant, self._expiry_ms, response)
        return counts

    async def release(self, command_id: str, claimant: str) -> None:
        """End the claim: nothing was done."""
        await self._call(self._release, command_id, claimant)

    async def _call(self, script: Script, command_id: str, *args: str | bytes | int) -> Any:
        call = _Call(script, f"{self._prefix}{command_id}", args)
        try:
            return await self._batches.ask(call)
        except RedisError:
            return await self._call_again(call)

    async def _call_again(self, call: _Call) -> Any:
        # Without its record a connector cannot tell what was executed: it waits for Redis, however long that takes.
        async for attempt in stamina.retry_context(on=RedisError, attempts=None, timeout=None):
            with attempt:
                return await self._batches.ask(call)
        raise AssertionError("retried for ever")

    async def _send(self, calls: Sequence[_Call]) -> Sequence[Any]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for call in calls:
                pipe.evalsha(call.script.sha, 1, call.key, *call.args)
            replies: list[Any] = await pipe.execute(raise_on_error=False)
        if any(isinstance(reply, NoScriptError) for reply in replies):  # a Redis that was just started; who asked asks again
            for script in (self._claim, self._answer, self._release):
                await self._redis.script_load(script.script)
        return replies
