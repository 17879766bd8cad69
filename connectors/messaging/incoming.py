"""Customers' messages that providers' webhooks bring, on their way to the flow."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

from connectors.framework.surroundings import Surroundings
from connectors.framework.wire import Wire
from connectors.messaging.inbound import Inbound
from schemas.conversation import conversation_id

_LONGEST_NAME: Final = 128
_LARGEST_TEXT_BYTES: Final = 64 * 1_024
_EARLY_MS: Final = 60 * 60 * 1000
"""How far a provider's clock may be ahead of ours."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message; `at` is the provider's time, epoch ms, `media` are records of the schema `inbound_message`."""

    channel: str
    account: str
    address: str
    message_id: str
    at: int
    text: str | None = None
    choice: str | None = None
    name: str | None = None
    media: tuple[Mapping[str, str | None], ...] = ()


class IncomingMessages:
    """Takes messages in, each once, and those only that can still be news."""

    def __init__(self, surroundings: Surroundings, redis: Redis, longest_seconds: float) -> None:
        """Prepare; messages are taken for `longest_seconds`, and their ids known for as long."""
        deployment, settings = surroundings.deployment, surroundings.settings
        self._secret = deployment.conversation_secret()
        self._wire = Wire.of(deployment)
        self._inbound = Inbound(deployment, settings.gateway_kafka_seconds, settings.farewell_seconds)
        self._redis = redis
        self._prefix = f"{deployment.topic_prefix}webhook:taken:"
        self._longest_ms = int(longest_seconds * 1000)

    async def open(self) -> None:
        """Begin to connect."""
        await self._inbound.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._inbound.close()

    def conversation(self, channel: str, account: str, address: str) -> str:
        """Return the id of a customer's conversation."""
        return conversation_id(channel, account, address, key=self._secret)

    async def take(self, message: Incoming) -> bool:
        """Return once Kafka has the message; False where it is known, too old, or from the future.

        Raises KafkaUnavailable or RedisError; the provider is to send it again.
        """
        now = int(time.time() * 1000)
        if not now - self._longest_ms < message.at < now + _EARLY_MS:
            logger.warning("%s %s: a message of %d s ago is not taken", message.channel, message.account, (now - message.at) // 1000)
            return False
        if await self.is_known(message.channel, message.account, message.message_id):
            return False
        if len((message.text or "").encode()) > _LARGEST_TEXT_BYTES:
            logger.warning("%s %s: a text of more than %d bytes is not taken", message.channel, message.account, _LARGEST_TEXT_BYTES)
            return False
        datum = {
            "message_id": message.message_id,
            "channel": message.channel,
            "account": message.account,
            "address": message.address,
            "text": message.text,
            "media": list(message.media),
            "choice": message.choice,
            "name": _one_line(message.name),
            "locale": None,
            "sent_at": message.at,
        }
        conversation = self.conversation(message.channel, message.account, message.address)
        await self._inbound.send(conversation, await self._wire.encode("inbound_message", datum))
        # After Kafka has it: between the two it may be delivered again, which the engine sees by the message's id.
        await self.know(message.channel, message.account, message.message_id)
        return True

    async def is_known(self, channel: str, account: str, message_id: str) -> bool:
        """Whether a message was dealt with before: what comes again has no effect."""
        return bool(await self._redis.exists(self._known(channel, account, message_id)))

    async def know(self, channel: str, account: str, message_id: str) -> None:
        """A message is dealt with."""
        # One that a clock ahead of ours has dated is young enough for as much longer.
        await self._redis.set(self._known(channel, account, message_id), b"", px=self._longest_ms + _EARLY_MS)

    def _known(self, channel: str, account: str, message_id: str) -> str:
        return f"{self._prefix}{channel}:{account}:{message_id}"


def _one_line(name: str | None) -> str | None:
    line = "".join(character for character in name or "" if character.isprintable()).strip()[:_LONGEST_NAME]
    return line or None
