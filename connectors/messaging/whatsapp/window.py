"""The customer service window: for 24 hours after a customer's last message anything may be sent, otherwise templates only."""

import time
from typing import Final

from redis.asyncio import Redis

WINDOW_SECONDS: Final = 24 * 60 * 60

# KEYS[1] when the customer wrote last, epoch ms; ARGV: when he wrote this, expiry in ms. Messages arrive in any order.
_WROTE: Final = """
local known = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) > known then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
"""


class Window:
    """When customers wrote last, by conversation: the webhook writes it, the connector reads it."""

    def __init__(self, redis: Redis, topic_prefix: str) -> None:
        self._redis = redis
        self._prefix = f"{topic_prefix}whatsapp:wrote:"
        self._wrote = redis.register_script(_WROTE)

    async def wrote(self, conversation_id: str, at: int) -> None:
        """The customer has written, epoch ms by WhatsApp's clock."""
        await self._wrote(keys=[self._prefix + conversation_id], args=[at, WINDOW_SECONDS * 1000])

    async def is_open(self, conversation_id: str) -> bool:
        """Whether anything may be sent; not where nothing is known of the customer's messages."""
        at = await self._redis.get(self._prefix + conversation_id)
        return at is not None and int(at) / 1000 + WINDOW_SECONDS > time.time()
