"""The messaging connector: each command goes to the channel that it is for."""

from contextlib import AsyncExitStack
from typing import Final

from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.errors import Refused
from connectors.framework.outbound import Outbound
from connectors.framework.outcome import Outcome
from connectors.framework.surroundings import Surroundings
from connectors.messaging.channel import Channel
from connectors.messaging.image import mime_type_of
from connectors.messaging.sms import Sms
from connectors.messaging.web_chat import WebChat
from connectors.messaging.whatsapp.channel import WhatsApp

_LOOK_SECONDS: Final = 15.0


def _account(_body: Body, context: Context) -> str:
    """Return what a command calls: an account of a channel."""
    return f"{context.envelope['channel']}/{context.envelope['account']}"


class MessagingConnector(Connector):
    """Says on the customer's channel what flows and agents say. Each channel sees to it that nothing is said twice."""

    family = "messaging"

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare.

        Raises SettingsError, or DeploymentError where the deployment has no secret to name conversations with.
        """
        settings = surroundings.settings
        channels: tuple[Channel, ...] = (WebChat(surroundings), WhatsApp(surroundings), Sms(surroundings))
        self._channels = {channel.name: channel for channel in channels}
        self._outbound = Outbound.of(settings)

    async def open(self) -> None:
        """Let the channels take what they need."""
        await self._outbound.open()
        for channel in self._channels.values():
            await channel.open()

    async def close(self) -> None:
        """Let them give it back."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._outbound.close)
            for channel in self._channels.values():
                stack.push_async_callback(channel.close)

    @command("SendMessage", idempotent=True, target=_account)
    async def send_message(self, body: Body, context: Context) -> Outcome:
        """Say a text."""
        return await self._channel(context).send_message(body, context)

    @command("SendChoices", idempotent=True, target=_account)
    async def send_choices(self, body: Body, context: Context) -> Outcome:
        """Say a text with buttons, a list or numbers to choose from."""
        return await self._channel(context).send_choices(body, context)

    @command("CheckImage", idempotent=True, budget=lambda _body: _LOOK_SECONDS)
    async def check_image(self, body: Body, context: Context) -> Outcome:
        """Find out whether an https address holds an image. Where the customer's address cannot be one, that is not_an_image."""
        try:
            return Outcome.ok(mime_type=await mime_type_of(self._outbound, body["url"]))
        except Refused as refused:
            raise Refused(refused.reason, refused.detail, outcome="not_an_image") from refused

    def _channel(self, context: Context) -> Channel:
        channel = self._channels.get(context.envelope["channel"])
        if channel is None:
            expected = ", ".join(self._channels)
            raise Refused("unknown_channel", f"Expected one of the channels {expected}; found {context.envelope['channel']!r}.")
        return channel
