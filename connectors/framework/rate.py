"""Rates: how often a target is called by all connectors of a deployment together."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import Annotated, Any, Final

import stamina
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from redis.asyncio import Redis
from redis.exceptions import RedisError

# The generic cell rate algorithm, which gives each caller his turn. KEYS[1] holds when the next turn would be, were there no burst, in
# microseconds of Redis' clock; ARGV: microseconds between two turns, by how many a burst may be early, how many of waiting are of use.
# Returns the microseconds to wait; -1, and no turn is taken, where they are more.
_TURN: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local turn = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = math.max(turn - ARGV[2] - now, 0)
if wait > tonumber(ARGV[3]) then return -1 end
local following = turn + ARGV[1]
redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', math.ceil((following - now) / 1000) + 1000)
return wait
"""

_MICROSECONDS: Final = 1_000_000


def _number(value: Any) -> Any:
    return {"per_second": value} if isinstance(value, int | float) else value


class Rate(BaseModel):
    """How often a target may be called: so many times a second on the long run, so many at once after a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_second: float = Field(gt=0, le=1_000_000)
    burst: int = Field(default=1, ge=1, le=1_000_000)


NumberOrRate = Annotated[Rate, BeforeValidator(_number)]
"""A rate, of which a plain number gives the calls a second."""


@dataclass(frozen=True, slots=True)
class RateTable:
    """Which rate a target has: that of the first pattern that fits `<family>/<target>` (`*`, `?`, `[…]`), else the default."""

    patterns: Mapping[str, Rate]
    default: Rate | None

    def of(self, name: str) -> Rate | None:
        """Return the rate, None where there is none."""
        return next((rate for pattern, rate in self.patterns.items() if _compiled(pattern).match(name)), self.default)


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


class Rates:
    """Gives turns at one family's targets. In Redis, so that any number of connectors keep to a rate together."""

    def __init__(self, redis: Redis, prefix: str, family: str, table: RateTable) -> None:
        self._prefix = f"{prefix}{family}/"
        self._family = family
        self._table = table
        self._turn = redis.register_script(_TURN)

    async def turn(self, target: str, within: float) -> float | None:
        """Take the next turn at a target; returns the seconds to wait for it, None where there is none within so many seconds."""
        rate = self._table.of(f"{self._family}/{target}")
        return 0.0 if rate is None else await self._wait(target, rate, within)

    async def _wait(self, target: str, rate: Rate, within: float) -> float | None:
        between = _MICROSECONDS / rate.per_second
        args = [round(between), round(between * (rate.burst - 1)), round(within * _MICROSECONDS)]
        # Nobody knows whose turn it is without Redis; without it no command is claimed either. A turn that is taken twice is one left out.
        async for attempt in stamina.retry_context(on=RedisError, attempts=None, timeout=None):
            with attempt:
                wait = int(await self._turn(keys=[self._prefix + target], args=args))
                return None if wait < 0 else wait / _MICROSECONDS
        raise AssertionError("retried for ever")
