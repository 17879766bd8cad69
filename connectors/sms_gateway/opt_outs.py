"""Who has answered STOP to which sender.

The gateway keeps the same list and refuses such messages (code 21610); ours spares it the requests.
"""

from typing import Final

from redis.asyncio import Redis

from connectors.framework.surroundings import Surroundings
from schemas.conversation import conversation_id

# twilio.com/docs/messaging/tutorials/advanced-opt-out: the keywords that the gateway itself obeys and answers, in English.
_STOPS: Final = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
_STARTS: Final = frozenset({"START", "UNSTOP"})
_HELPS: Final = frozenset({"HELP", "INFO"})


def keyword_of(text: str, said: str | None) -> str | None:
    """Return STOP, START or HELP where a customer's text is such a keyword; `said` is the gateway's own word for it (`OptOutType`)."""
    if said in {"STOP", "START", "HELP"}:
        return said
    word = text.strip().upper()
    return "STOP" if word in _STOPS else "START" if word in _STARTS else "HELP" if word in _HELPS else None


class OptOuts:
    """The list, under the hash that names conversations: it holds no phone numbers. It does not expire."""

    def __init__(self, redis: Redis, surroundings: Surroundings) -> None:
        self._redis = redis
        self._prefix = f"{surroundings.deployment.topic_prefix}sms:opted_out:"
        self._deployment = surroundings.deployment

    async def add(self, sender: str, customer: str) -> None:
        """The customer wants nothing more of the sender."""
        await self._redis.set(self._key(sender, customer), b"")

    async def remove(self, sender: str, customer: str) -> bool:
        """The customer wants to hear of the sender again; returns whether he did not before."""
        return bool(await self._redis.delete(self._key(sender, customer)))

    async def has(self, sender: str, customer: str) -> bool:
        """Whether nothing may be sent."""
        return bool(await self._redis.exists(self._key(sender, customer)))

    def _key(self, sender: str, customer: str) -> str:
        return self._prefix + conversation_id("sms", sender, customer, key=self._deployment.conversation_secret())
