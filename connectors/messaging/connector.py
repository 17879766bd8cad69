"""The messaging connector of the web chat."""

from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from connectors.framework.addresses import AddressGuard
from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry
from connectors.framework.outbound import Outbound
from connectors.framework.outcome import Outcome
from connectors.framework.surroundings import Surroundings
from connectors.messaging.entry import Choice, Entry
from connectors.messaging.image import mime_type_of
from connectors.messaging.rendering import render
from connectors.messaging.transcript import Transcript

CHANNEL: Final = "web_chat"
_LOOK_SECONDS: Final = 15.0


class WebChatConnector(Connector):
    """Says what flows say, in the transcripts of web chats. Nothing is said twice: the transcript knows the command's id."""

    family = "messaging"

    def __init__(self, surroundings: Surroundings) -> None:
        deployment, settings = surroundings.deployment, surroundings.settings
        self._accounts = settings.chat_accounts
        self._redis = Redis.from_url(deployment.redis_url)
        self._transcript = Transcript(self._redis, deployment.topic_prefix, settings.transcript_expiry_seconds)
        self._outbound = Outbound(AddressGuard(settings.allowed_networks, settings.allowed_hosts))

    async def open(self) -> None:
        """Make the HTTP clients."""
        await self._outbound.open()

    async def close(self) -> None:
        """Close all connections."""
        await self._outbound.close()
        await self._redis.aclose()

    @command("SendMessage", idempotent=True)
    async def send_message(self, body: Body, context: Context) -> Outcome:
        """Say a text."""
        await self._say(Entry("flow", body["text"]), context)
        return Outcome.ok()

    @command("SendChoices", idempotent=True)
    async def send_choices(self, body: Body, context: Context) -> Outcome:
        """Say a text with buttons, a list or numbers to choose from."""
        rendering = render(body["text"], Choice.all_of(body["choices"]), body["limits"])
        await self._say(Entry("flow", rendering.text, rendering.choices), context)
        return Outcome.ok(rendered=rendering.kind)

    @command("CheckImage", idempotent=True, budget=lambda _body: _LOOK_SECONDS)
    async def check_image(self, body: Body, context: Context) -> Outcome:
        """Find out whether an https address holds an image. Where the customer's address cannot be one, that is not_an_image."""
        try:
            return Outcome.ok(mime_type=await mime_type_of(self._outbound, body["url"]))
        except Refused as refused:
            raise Refused(refused.reason, refused.detail, outcome="not_an_image") from refused

    async def _say(self, entry: Entry, context: Context) -> None:
        channel, account = context.envelope["channel"], context.envelope["account"]
        if channel != CHANNEL:
            raise Refused("unknown_channel", f"Expected channel {CHANNEL}, found {channel!r}.")
        if account not in self._accounts:
            raise Refused("unknown_account", f"Expected one of the accounts {', '.join(self._accounts)}; found {account!r}.")
        try:
            await self._transcript.say(context.conversation_id, context.command_id, entry)
        except RedisError as error:
            raise Retry("unreachable", detail="The store of transcripts does not answer.") from error
