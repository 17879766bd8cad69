"""Who a customer is to connectors, whatever the channel, and which agent knows the customer."""

import hashlib
from typing import Final

import phonenumbers
from redis.asyncio import Redis

from schemas.deployment import Deployment

PREFERRED_DAYS: Final = 366
"""So long after an agent last had a customer, the agent is no longer the preferred one: who left the company is not waited for."""

_PERSON: Final = b"customer"
_DAY_MS: Final = 24 * 60 * 60 * 1_000

# KEYS[1] the customer's key; ARGV: agent, at, when it is forgotten, epoch ms. An agent who had the customer earlier does not replace one
# who had her later.
_RECORD: Final = """
local known = redis.call('HGET', KEYS[1], 'at')
if known and tonumber(known) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'agent', ARGV[1], 'at', ARGV[2])
redis.call('PEXPIREAT', KEYS[1], ARGV[3])
return 1
"""


def customer_key(channel: str, account: str, address: str, *, key: str) -> str:
    """Return the name of a customer: 32 hexadecimal digits that give nothing of the address away.

    Whoever writes from the same telephone number by WhatsApp and by SMS, to whatever account, is one customer; anyone else is one on the
    account of a channel. A keyed BLAKE2b (RFC 7693) with the deployment's secret, as `schemas.conversation.conversation_id`, but never the
    same digits: a customer is not a conversation.

    Args:
        channel: such as web_chat, whatsapp or sms.
        account: the account on the channel that the customer writes to.
        address: the customer's address on the channel.
        key: the deployment's secret, `Deployment.conversation_secret()`.

    Raises ValueError where a part is empty.
    """
    for name, part in (("channel", channel), ("account", account), ("address", address)):
        if not part:
            raise ValueError(f"customer_key: {name}: expected text, found nothing")
    number = _telephone(channel, address)
    digest = hashlib.blake2b(digest_size=16, key=hashlib.sha256(key.encode()).digest(), person=_PERSON)
    for part in (channel, account, address) if number is None else ("telephone", number):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def _telephone(channel: str, address: str) -> str | None:
    """Return the address as E.164 where it is a telephone number in its international form; WhatsApp's have no plus sign."""
    text = address.strip()
    if channel == "whatsapp" and text[:1].isdecimal():
        text = f"+{text}"
    if channel not in {"whatsapp", "sms"} or not text.startswith("+"):
        return None
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if phonenumbers.is_possible_number(number) else None


class PreferredAgents:
    """The agent who last wrote to each customer: hashes `<topic prefix>contacts:preferred:<customer>` with `agent` and `at` in epoch ms.

    Written by the projection of contacts from the journal, so that all of it can be built anew; read for a distribution to the preferred
    agent (§ 4.3).
    """

    def __init__(self, redis: Redis, deployment: Deployment) -> None:
        self._redis = redis
        self._prefix = f"{deployment.topic_prefix}contacts:preferred:"
        self._record = redis.register_script(_RECORD)

    async def record(self, customer: str, agent: str, at: int) -> bool:
        """Record that an agent had a customer at a time, epoch ms; returns whether no other one had her later.

        What is recorded late, as by a rebuild, is forgotten no later for that.

        Raises RedisError.
        """
        return bool(await self._record(keys=[self.key(customer)], args=[agent, at, at + PREFERRED_DAYS * _DAY_MS]))

    async def of(self, customer: str) -> str | None:
        """Return the agent who had a customer last; None where none is known.

        Raises RedisError.
        """
        agent = await self._redis.hget(self.key(customer), "agent")
        return agent.decode() if isinstance(agent, bytes) else agent

    def key(self, customer: str) -> str:
        """Return where a customer's agent is recorded."""
        return f"{self._prefix}{customer}"
