"""A mail server for trying out: it takes every message, delivers none, and keeps them to be looked at in the office."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Final, Self

from aiosmtpd.smtp import SMTP, Envelope, Session
from redis.asyncio import Redis
from redis.exceptions import RedisError

from connectors.email.settings import EmailSettings
from connectors.framework.surroundings import Surroundings

LARGEST_MESSAGE_BYTES: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message as it came, and its parts as a reader shows them; `at` is epoch milliseconds."""

    id: int
    at: int
    sender: str
    recipients: list[str]
    headers: list[tuple[str, str]]
    subject: str
    text: str
    html: str | None

    @classmethod
    def read(cls, identity: int, sender: str, recipients: list[str], content: bytes) -> Self:
        """Read what came; what cannot be read is shown as far as it can."""
        message = message_from_bytes(content, policy=default)
        text, html = message.get_body(("plain",)), message.get_body(("html",))
        headers = [(name, " ".join(str(value).split())) for name, value in message.items()]
        return cls(
            identity,
            time.time_ns() // 1_000_000,
            sender,
            recipients,
            headers,
            str(message.get("Subject", "")),
            "" if text is None else _content(text),
            None if html is None else _content(html),
        )


class Outbox:
    """The messages, newest first, in Redis: the office may be another process."""

    def __init__(self, redis: Redis, topic_prefix: str, most: int) -> None:
        self._redis = redis
        self._list = f"{topic_prefix}outbox:messages"
        self._counter = f"{topic_prefix}outbox:last"
        self._most = most

    async def keep(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Keep a message; the oldest go."""
        kept = KeptMessage.read(int(await self._redis.incr(self._counter)), sender, recipients, content)
        async with self._redis.pipeline() as pipeline:
            pipeline.lpush(self._list, json.dumps(asdict(kept)))
            pipeline.ltrim(self._list, 0, self._most - 1)
            await pipeline.execute()

    async def messages(self) -> list[KeptMessage]:
        """Return all, newest first."""
        return [_loaded(text) for text in await self._redis.lrange(self._list, 0, -1)]

    async def find(self, identity: int) -> KeptMessage | None:
        """Return one; None where it is not kept (any more)."""
        return next((message for message in await self.messages() if message.id == identity), None)

    async def clear(self) -> None:
        """Forget all."""
        await self._redis.delete(self._list)


class _Handler:
    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        try:
            await self._outbox.keep(envelope.mail_from or "", list(envelope.rcpt_tos), content)
        except RedisError:
            return "451 4.3.0 The outbox is not to be had at the moment"
        return "250 2.0.0 Kept, and delivered to nobody"


@asynccontextmanager
async def outbox_server(surroundings: Surroundings, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """Run the server while the context lasts; gives its port, a free one where 0 was asked for.

    Raises OSError where the port cannot be had, SettingsError.
    """
    redis = Redis.from_url(surroundings.deployment.redis_url)
    handler = _Handler(Outbox(redis, surroundings.deployment.topic_prefix, surroundings.read(EmailSettings).outbox_messages))
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(handler, data_size_limit=LARGEST_MESSAGE_BYTES, enable_SMTPUTF8=True, hostname="outbox.localhost", loop=loop)

    try:
        server = await loop.create_server(session, host, port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
    finally:
        await redis.aclose()


def _content(part: Message) -> str:
    try:
        return str(part.get_content())  # type: ignore[attr-defined]  # parts of a message that was read by the policy `default` have it
    except LookupError:  # an encoding that nobody knows
        return bytes(part.get_payload(decode=True)).decode("utf-8", "replace")


def _loaded(text: bytes | str) -> KeptMessage:
    fields = json.loads(text)
    return KeptMessage(**{**fields, "headers": [(name, value) for name, value in fields["headers"]]})
