"""The channel SMS: texts by the SMS gateway, choices as numbers in the text."""

from typing import Final

from typing_extensions import override

from connectors.framework.connector import Body
from connectors.framework.context import Context
from connectors.framework.errors import Refused
from connectors.framework.outcome import Outcome
from connectors.framework.surroundings import Surroundings
from connectors.messaging.channel import Channel
from connectors.messaging.entry import Choice
from connectors.messaging.rendering import render
from connectors.messaging.settings import MessagingSettings
from connectors.sms_gateway.client import SmsGateway

CHANNEL: Final = "sms"
_MARGIN_SECONDS: Final = 0.5


class Sms(Channel):
    """Writes to mobile phones; the gateway's client knows the command's id."""

    name = CHANNEL

    def __init__(self, surroundings: Surroundings) -> None:
        self._numbers = surroundings.read(MessagingSettings).sms_accounts
        self._gateway = SmsGateway(surroundings)

    @override
    async def open(self) -> None:
        await self._gateway.open()

    @override
    async def close(self) -> None:
        await self._gateway.close()

    @override
    async def send_message(self, body: Body, context: Context) -> Outcome:
        await self._send(body["text"], context)
        return Outcome.ok()

    @override
    async def send_choices(self, body: Body, context: Context) -> Outcome:
        # Whatever the command's limits say: texts have no buttons.
        limits = {**body["limits"], "buttons": 0, "list_items": 0}
        rendering = render(body["text"], Choice.all_of(body["choices"]), limits)
        await self._send(rendering.text, context)
        return Outcome.ok(rendered=rendering.kind)

    async def _send(self, text: str, context: Context) -> None:
        account = context.envelope["account"]
        number = self._numbers.get(account)
        if number is None:
            raise Refused(
                "unknown_account", f"Expected one of the accounts {', '.join(self._numbers) or '(none is set)'}; found {account!r}."
            )
        await self._gateway.send(
            number, context.envelope["address"], text, context.command_id, within=context.seconds_left(_MARGIN_SECONDS)
        )
