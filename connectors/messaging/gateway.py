"""The web-chat gateway: customers come in by HTTP, what flows say goes out by HTTP and server-sent events."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web
from redis.asyncio import Redis
from redis.exceptions import RedisError

from connectors.framework.ending import end
from connectors.framework.fault import Fault, shown
from connectors.framework.news import News
from connectors.framework.request_body import body_of
from connectors.framework.surroundings import Surroundings
from connectors.framework.wire import Wire
from connectors.messaging.answering import answered
from connectors.messaging.chat_page import mount_page
from connectors.messaging.entry import Entry
from connectors.messaging.entry_points import EntryPoints
from connectors.messaging.inbound import Inbound, KafkaUnavailable
from connectors.messaging.message import LARGEST_BODY_BYTES, CustomerMessage
from connectors.messaging.settings import MessagingSettings
from connectors.messaging.transcript import Transcript
from connectors.messaging.web_chat import CHANNEL
from schemas.conversation import conversation_id

LONGEST_ADDRESS: Final = 128
_HEALTH_SECONDS: Final = 2.0
_RESERVED_MARGIN_SECONDS: Final = 5.0
_RECONNECT_MS: Final = 2_000
_NOT_CACHED: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

logger = logging.getLogger(__name__)


class Gateway:
    """The handlers of the web chat's accounts. Whoever knows an address can read its chat: clients make it up and let nobody guess it."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare; nothing is connected yet.

        Raises DeploymentError where the deployment has no secret to name conversations with.
        """
        deployment, settings = surroundings.deployment, surroundings.settings
        self._secret = deployment.conversation_secret()
        self._accounts = settings.chat_accounts
        self._heartbeat_seconds = settings.heartbeat_seconds
        self._reserved_seconds = settings.gateway_kafka_seconds + _RESERVED_MARGIN_SECONDS
        self._wire = Wire.of(deployment)
        self._inbound = Inbound(deployment, settings.gateway_kafka_seconds, settings.farewell_seconds)
        self._redis = Redis.from_url(deployment.redis_url)
        self._transcript = Transcript(self._redis, deployment.topic_prefix, settings.transcript_expiry_seconds)
        self._news = News(self._redis, self._transcript.announcements)
        self._entry_points = EntryPoints(surroundings, _accounts(surroundings))
        self._stopping = False

    def mount(self, application: web.Application) -> None:
        """Add routes and lifetime to an application.

        They are `/accounts/{account}/chat/{address}/messages` and `…/events`, for the first account without its prefix too, and `/health`.
        """
        for account in ("", "/accounts/{account}"):
            application.add_routes(
                [
                    web.post(f"{account}/chat/{{address}}/messages", self.post_message),
                    web.get(f"{account}/chat/{{address}}/messages", self.get_messages),
                    web.get(f"{account}/chat/{{address}}/events", self.get_events, allow_head=False),
                ]
            )
        application.add_routes([web.get("/health", self.get_health)])
        application.cleanup_ctx.append(self._lifetime)
        application.on_shutdown.append(self._end_streams)

    @answered
    async def post_message(self, request: web.Request) -> web.StreamResponse:
        """Take a customer's message: 202 once Kafka has it and the transcript shows it, the same id again 202 without further effect."""
        account, address = self._account(request), _address(request)
        message = CustomerMessage.read(await body_of(request, LARGEST_BODY_BYTES))
        conversation = self._conversation(account, address)
        entry = await self._entry(conversation, message)
        known_as = f"message {message.id}"
        # Its place in the transcript is before every answer to it, and Kafka's consumers may be quicker than we are.
        if await self._transcript.reserve(conversation, known_as, entry, self._reserved_seconds):
            datum = {
                "message_id": message.id,
                "channel": CHANNEL,
                "account": account,
                "address": address,
                "text": message.text,
                "media": [media.model_dump() for media in message.media],
                "choice": message.choice,
                "name": message.name,
                "locale": message.locale,
                "sent_at": int(time.time() * 1000),
            }
            trace = [(name, value.encode()) for name in ("traceparent", "tracestate") if (value := request.headers.get(name))]
            try:
                await self._inbound.send(conversation, await self._wire.encode("inbound_message", datum), trace)
            except KafkaUnavailable:
                await self._transcript.withdraw(conversation, known_as)
                raise
            await self._transcript.say(conversation, known_as, entry)
        return web.json_response({"id": message.id}, status=202, headers=_NOT_CACHED)

    @answered
    async def get_messages(self, request: web.Request) -> web.StreamResponse:
        """Return the transcript, oldest first."""
        said, _ = await self._transcript.read(self._conversation(self._account(request), _address(request)))
        return web.Response(text=f"[{', '.join(message.json for message in said)}]", content_type="application/json", headers=_NOT_CACHED)

    @answered
    async def get_events(self, request: web.Request) -> web.StreamResponse:
        """Stream the transcript and whatever is added: one event a message, its id the message's index, as `Last-Event-ID` resumes it."""
        conversation = self._conversation(self._account(request), _address(request))
        start = _last_event(request) + 1
        with self._news.of(conversation) as news:
            said, start = await self._transcript.read(conversation, start)
            headers = {**_NOT_CACHED, "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
            response = web.StreamResponse(headers=headers)
            try:
                await response.prepare(request)
                await response.write(f"retry: {_RECONNECT_MS}\n\n".encode())
                while not self._stopping:
                    for message in said:
                        await response.write(f"id: {message.index}\ndata: {message.json}\n\n".encode())
                    try:
                        async with asyncio.timeout(self._heartbeat_seconds):
                            await news.wait()
                    except TimeoutError:
                        await response.write(b": still here\n\n")
                    news.clear()
                    said, start = await self._transcript.read(conversation, start)
            except ConnectionError:
                pass  # the customer has gone
            except RedisError as error:  # the client comes back and says what it has
                logger.warning("an event stream ends: %s", error)
        return response

    async def get_health(self, _request: web.Request) -> web.StreamResponse:
        """Return 200 where messages can be taken and shown, 503 where they cannot; `accounts` where nobody answers on some of them."""
        parts = {"kafka": await self._inbound.is_available(_HEALTH_SECONDS), "redis": await self._redis_answers()}
        report = {part: "ok" if answers else "does not answer" for part, answers in parts.items()}
        if self._entry_points.missing:
            report["accounts"] = f"no entry point for {', '.join(self._entry_points.missing)}"
        return web.json_response(report, status=200 if all(parts.values()) else 503, headers=_NOT_CACHED)

    def _account(self, request: web.Request) -> str:
        account = request.match_info.get("account", self._accounts[0])
        if account not in self._accounts:
            raise Fault(404, "account", f"one of {', '.join(self._accounts)}", shown(account))
        return account

    def _conversation(self, account: str, address: str) -> str:
        return conversation_id(CHANNEL, account, address, key=self._secret)

    async def _entry(self, conversation: str, message: CustomerMessage) -> Entry:
        if message.text is not None:
            return Entry("customer", message.text)
        if message.choice is None:
            return Entry("customer", "\n".join(media.name or media.url for media in message.media))
        said, _ = await self._transcript.read(conversation)
        for earlier in reversed(said):
            for choice in Entry.from_json(earlier.json).choices:
                if choice.id == message.choice:
                    return Entry("customer", choice.text)
        return Entry("customer", message.choice)

    async def _redis_answers(self) -> bool:
        try:
            async with asyncio.timeout(_HEALTH_SECONDS):
                return bool(await self._redis.ping())
        except (RedisError, TimeoutError):
            return False

    async def _lifetime(self, _application: web.Application) -> AsyncIterator[None]:
        await self._inbound.open()
        self._news.open()
        watching = asyncio.create_task(self._entry_points.watch())
        yield
        await end(watching)
        await self._news.close()
        await self._inbound.close()
        await self._redis.aclose()

    async def _end_streams(self, _application: web.Application) -> None:
        self._stopping = True
        self._news.wake_all()


def _accounts(surroundings: Surroundings) -> list[tuple[str, str]]:
    settings = surroundings.read(MessagingSettings)
    named = ((CHANNEL, surroundings.settings.chat_accounts), ("whatsapp", settings.whatsapp_accounts), ("sms", settings.sms_accounts))
    return [(channel, account) for channel, accounts in named for account in accounts]


def gateway_application(surroundings: Surroundings, *, page: bool = True) -> web.Application:
    """Return an application with the gateway, and with the chat page at `/` unless `page` is false; more routes may be added to it.

    Raises DeploymentError where the deployment has no secret to name conversations with.
    """
    application = web.Application()
    Gateway(surroundings).mount(application)
    if page:
        mount_page(application)
    return application


def _address(request: web.Request) -> str:
    address = request.match_info["address"]
    if len(address) > LONGEST_ADDRESS or not address.isprintable() or not address.strip():
        raise Fault(400, "address", f"1 to {LONGEST_ADDRESS} printable characters", shown(address))
    return address


def _last_event(request: web.Request) -> int:
    given = request.headers.get("Last-Event-ID", request.query.get("last_event_id", ""))
    if not given:
        return -1
    if not given.isascii() or not given.isdigit() or len(given) > 15:
        raise Fault(400, "Last-Event-ID", "the id of an event", shown(given))
    return int(given)
