"""The contacts of all customers in Redis.

    <topic prefix>contacts:generation                  the generation that counts
    <topic prefix>contacts:<generation>:offset:<p>     up to where partition p of the journal is taken in
    <topic prefix>contacts:<generation>:began          hash: partition → log time of the first record that was taken in
    <topic prefix>contacts:<generation>:lost           hash: partition → time up to which contacts are missing, the journal being cut
    <topic prefix>contacts:<generation>:of:<customer>  sorted set: interaction → log time of its beginning
    <topic prefix>contacts:<generation>:in:<conversation>  the customer of a conversation
    <topic prefix>contacts:preferred:<customer>        see `connectors.framework.customers`

The offset is written at one stroke with what was read up to it: a record that is read again is known by it, and what Redis loses, it
loses with its offset. A generation is built anew aside, and counts from one moment to the next.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from redis.asyncio import Redis

from connectors.contacts.story import AgentWrote, Began, Story
from connectors.framework.customers import PreferredAgents
from schemas.deployment import Deployment

_KEYS_AT_ONCE: Final = 1_000
_LATE_MS: Final = 8 * 24 * 60 * 60 * 1_000
"""Commands wait on their topic for a week: one that is carried out late still finds what its window began with."""

# One script instead of a MULTI with four commands a contact: what a client spends on each would be most of a rebuild.
# KEYS: offset, generation that counts, beginnings, losses. ARGV: prefix of the keys, generation, whether it is built aside, partition,
# first, end, log time of the first record, time up to which contacts are missing, expiry in ms; then for each contact offset, customer,
# conversation, interaction and time. Returns the offset that is reached; -1 where another generation counts.
_TAKE: Final = """
if ARGV[3] == '0' and redis.call('GET', KEYS[2]) ~= ARGV[2] then return -1 end
local reached = tonumber(redis.call('GET', KEYS[1]) or '0')
if reached >= tonumber(ARGV[6]) or (reached < tonumber(ARGV[5]) and ARGV[8] == '') then return reached end
if ARGV[7] ~= '' then redis.call('HSETNX', KEYS[3], ARGV[4], ARGV[7]) end
if ARGV[8] ~= '' then redis.call('HSET', KEYS[4], ARGV[4], ARGV[8]) end
local own = ARGV[1] .. ARGV[2]
for at = 10, #ARGV, 5 do
    if tonumber(ARGV[at]) >= reached then
        local contacts = own .. ':of:' .. ARGV[at + 1]
        redis.call('SET', own .. ':in:' .. ARGV[at + 2], ARGV[at + 1], 'PX', ARGV[9])
        redis.call('ZADD', contacts, ARGV[at + 4], ARGV[at + 3])
        redis.call('ZREMRANGEBYSCORE', contacts, '-inf', string.format('(%.0f', tonumber(ARGV[at + 4]) - tonumber(ARGV[9])))
        redis.call('PEXPIRE', contacts, ARGV[9])
    end
end
redis.call('SET', KEYS[1], ARGV[6])
return tonumber(ARGV[6])
"""


class GenerationOver(Exception):
    """No error: another generation counts by now."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many contacts a customer had, and from when on that is known; epoch ms."""

    number: int
    known_since: int


class ContactStore:
    """Reads and writes them."""

    def __init__(self, redis: Redis, deployment: Deployment, retention_ms: int) -> None:
        self._redis = redis
        self._prefix = f"{deployment.topic_prefix}contacts:"
        self._partitions = range(deployment.partitions)
        self._retention_ms = retention_ms
        self._kept_ms = retention_ms + _LATE_MS
        self._agents = PreferredAgents(redis, deployment)
        self._take = redis.register_script(_TAKE)

    async def generation(self) -> str:
        """Return the generation that counts; an empty one begins where there is none."""
        found = await self._redis.get(self._key("generation"))
        if found is None:
            await self._redis.set(self._key("generation"), await self.new_generation(), nx=True)
            found = await self._redis.get(self._key("generation"))
        return _text(found)

    async def new_generation(self) -> str:
        """Return the name of a generation that nobody has written to."""
        return str(await self._redis.incr(self._key("generations")))

    async def offsets(self, generation: str) -> dict[int, int]:
        """Return partition → the offset up to which it is taken in."""
        found = await self._redis.mget([self._key(generation, "offset", str(number)) for number in self._partitions])
        return {number: int(offset or 0) for number, offset in zip(self._partitions, found, strict=True)}

    async def take(self, generation: str, story: Story, *, aside: bool = False) -> int:
        """Take in what a stretch of the journal tells, once; returns the offset up to which its partition is taken in then.

        That is less than the story's end only where there is a gap before its beginning: then nothing of it was taken in.

        Raises GenerationOver where another generation counts; not for one that is built `aside`.
        """
        # Who had a customer may be told twice and in any order: it need not be at one stroke with the offset, only before it.
        await self._prefer(generation, [event for event in story.told if isinstance(event, AgentWrote)], story)
        contacts: Iterator[str | int] = chain.from_iterable(
            (event.offset, event.customer, event.conversation, event.interaction, event.at)
            for event in story.told
            if isinstance(event, Began)
        )
        reached = int(
            await self._take(
                keys=[
                    self._key(generation, "offset", str(story.partition)),
                    self._key("generation"),
                    self._key(generation, "began"),
                    self._key(generation, "lost"),
                ],
                args=[
                    self._prefix, generation, int(aside), story.partition, story.first, story.end, _argument(story.began_at),
                    _argument(story.lost_until), self._kept_ms,
                    *contacts,
                ],
            )
        )  # fmt: skip
        if reached < 0:
            raise GenerationOver
        return reached

    async def count(self, generation: str, customer: str, since: int, until: int, *, but: str) -> Count | None:
        """Count a customer's contacts that began in a window, both ends included, one interaction apart.

        Returns None where another generation counts by now, whose counts are the right ones.
        """
        contacts = self._key(generation, "of", customer)
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.zcount(contacts, since, until)
            pipeline.zscore(contacts, but)
            pipeline.hvals(self._key(generation, "lost"))
            pipeline.hvals(self._key(generation, "began"))
            pipeline.get(self._key("generation"))
            number, asking, lost, began, counting = await pipeline.execute()
        if counting is None or _text(counting) != generation:
            return None
        if asking is not None and since <= asking <= until:
            number -= 1
        forgotten_until = until - self._retention_ms
        begins = [int(at) for at in began]
        known_since = max([0, *(int(at) for at in lost), *([forgotten_until] if begins and min(begins) < forgotten_until else [])])
        return Count(number, known_since)

    async def swap(self, generation: str) -> None:
        """Let a generation count from now on, and delete every other."""
        await self._redis.set(self._key("generation"), generation)
        await self.clear(keep=(generation,))

    async def clear(self, keep: Sequence[str]) -> None:
        """Delete all generations but these."""
        own = tuple(self._key(generation, "") for generation in keep)
        found: list[str] = []
        async for key in self._redis.scan_iter(match=f"{_escaped(self._prefix)}[0-9]*:*", count=_KEYS_AT_ONCE):
            if not _text(key).startswith(own):
                found.append(_text(key))
            if len(found) >= _KEYS_AT_ONCE:
                await self._redis.unlink(*found)
                found.clear()
        if found:
            await self._redis.unlink(*found)

    async def _prefer(self, generation: str, wrote: Sequence[AgentWrote], story: Story) -> None:
        if not wrote:
            return
        customers = {event.conversation: event.customer for event in story.told if isinstance(event, Began)}
        unknown = sorted({event.conversation for event in wrote} - customers.keys())
        found = await self._redis.mget([self._key(generation, "in", name) for name in unknown]) if unknown else []
        customers |= {name: _text(customer) for name, customer in zip(unknown, found, strict=True) if customer is not None}
        for event in wrote:
            if event.conversation in customers:
                await self._agents.record(customers[event.conversation], event.agent, event.at)

    def _key(self, *parts: str) -> str:
        return self._prefix + ":".join(parts)


def _argument(number: int | None) -> str:
    return "" if number is None else str(number)


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in "*?[]\\^" else character for character in text)
