"""The contacts of all customers in Redis.

    <topic prefix>contacts:generation                  the generation that counts
    <topic prefix>contacts:<generation>:offset:<p>     up to where partition p of the journal is taken in
    <topic prefix>contacts:<generation>:began          hash: partition → log time of the first record that was taken in
    <topic prefix>contacts:<generation>:lost           hash: partition → time up to which contacts are missing, the journal being cut
    <topic prefix>contacts:<generation>:of:<customer>  sorted set: interaction → log time of its beginning
    <topic prefix>contacts:<generation>:in:<conversation>  the customer of a conversation
    <topic prefix>contacts:preferred:<customer>        see `connectors.framework.customers`

The offset is written in the MULTI of what was read up to it: a record that is read again is known by it, and what Redis loses, it loses
with its offset. A generation is built anew aside, and counts from one moment to the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import WatchError

from connectors.contacts.story import AgentWrote, Began, Story
from connectors.framework.customers import PreferredAgents
from schemas.deployment import Deployment

_KEYS_AT_ONCE: Final = 1_000
_LATE_MS: Final = 8 * 24 * 60 * 60 * 1_000
"""Commands wait on their topic for a week: one that is carried out late still finds what its window began with."""


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
        offset_key = self._key(generation, "offset", str(story.partition))
        async with self._redis.pipeline(transaction=True) as pipeline:
            while True:
                await pipeline.watch(offset_key, self._key("generation"))
                if not aside and _text(await pipeline.get(self._key("generation"))) != generation:
                    raise GenerationOver
                reached = int(await pipeline.get(offset_key) or 0)
                if not story.first <= reached < story.end and not (story.lost_until is not None and reached < story.end):
                    return reached
                told = [event for event in story.told if event.offset >= reached]
                customers = await self._customers(pipeline, generation, told)
                pipeline.multi()  # type: ignore[no-untyped-call]  # redis-py has no types here
                self._write(pipeline, generation, story, told, customers)
                pipeline.set(offset_key, story.end)
                try:
                    await pipeline.execute()
                except WatchError:
                    continue  # another process has taken it in meanwhile, or another generation counts
                return story.end

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

    async def _customers(self, pipeline: Pipeline, generation: str, told: Sequence[Began | AgentWrote]) -> Mapping[str, str]:
        """Return conversation → customer, for the conversations in which agents wrote."""
        customers = {event.conversation: event.customer for event in told if isinstance(event, Began)}
        unknown = sorted({event.conversation for event in told if isinstance(event, AgentWrote)} - customers.keys())
        found = await pipeline.mget([self._key(generation, "in", name) for name in unknown]) if unknown else []
        return customers | {name: _text(customer) for name, customer in zip(unknown, found, strict=True) if customer is not None}

    def _write(
        self, pipeline: Pipeline, generation: str, story: Story, told: Sequence[Began | AgentWrote], customers: Mapping[str, str]
    ) -> None:
        partition = str(story.partition)
        if story.began_at is not None:
            pipeline.hsetnx(self._key(generation, "began"), partition, str(story.began_at))
        if story.lost_until is not None:
            pipeline.hset(self._key(generation, "lost"), partition, str(story.lost_until))
        contacts: dict[str, dict[str, int]] = {}
        for event in told:
            match event:
                case Began(_, customer, conversation, interaction, at):
                    contacts.setdefault(customer, {})[interaction] = at
                    pipeline.set(self._key(generation, "in", conversation), customer, px=self._kept_ms)
                case AgentWrote(_, conversation, agent, at) if conversation in customers:
                    self._agents.queue(pipeline, customers[conversation], agent, at)
        for customer, interactions in contacts.items():
            key = self._key(generation, "of", customer)
            pipeline.zadd(key, interactions)
            pipeline.zremrangebyscore(key, "-inf", f"({max(interactions.values()) - self._kept_ms}")
            pipeline.pexpire(key, self._kept_ms)

    def _key(self, *parts: str) -> str:
        return self._prefix + ":".join(parts)


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in "*?[]\\^" else character for character in text)
