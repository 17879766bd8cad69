"""Builds all contacts anew from the journal, aside, and lets them count at once when they are whole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

from redis.asyncio import Redis

from connectors.contacts.log import Log
from connectors.contacts.projection import Progress, Projection
from connectors.contacts.settings import ContactsSettings
from connectors.contacts.store import ContactStore
from connectors.framework.ending import end
from schemas.deployment import Deployment

_LOCK_MS: Final = 30_000
_RENEW_SECONDS: Final = 10.0

# KEYS[1] the lock; ARGV: whose it is, expiry in ms.
_RENEW: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
_RELEASE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class RebuildUnderWay(Exception):
    """Another rebuild is at work; it ends, or gives way half a minute after it was killed."""


async def rebuild(deployment: Deployment, settings: ContactsSettings, progress: Progress) -> None:
    """Read the journal from its beginning; counts go on with what is there until the new ones are whole.

    Raises RebuildUnderWay; KafkaError or RedisError where one of them does not answer, and then nothing has changed.
    """
    redis, log = Redis.from_url(deployment.redis_url), Log(deployment)
    store = ContactStore(redis, deployment, settings.retention_ms)
    projection = Projection(deployment, log, store)
    try:
        await log.open()
        async with _alone(redis, f"{deployment.topic_prefix}contacts:rebuilding"):
            before = await store.generation()
            await store.clear(keep=(before,))  # what a rebuild left that was killed
            generation = await store.new_generation()
            await projection.catch_up(generation, aside=True, progress=progress)
            await projection.catch_up(generation, aside=True)  # what came meanwhile, so that little is left to the first count
            await store.swap(generation)
    finally:
        await log.close()
        await redis.aclose()


@asynccontextmanager
async def _alone(redis: Redis, key: str) -> AsyncIterator[None]:
    mine = uuid4().hex
    if not await redis.set(key, mine, nx=True, px=_LOCK_MS):
        raise RebuildUnderWay("Contacts are being built anew already; wait for that to end.")

    async def keep() -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            await redis.eval(_RENEW, 1, key, mine, str(_LOCK_MS))

    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        await end(keeping)
        await redis.eval(_RELEASE, 1, key, mine)
