"""The channel WhatsApp: texts, buttons, lists and templates, each message once."""

import logging
import time
from collections.abc import Mapping
from typing import Final

from redis.asyncio import Redis
from typing_extensions import override

from connectors.framework.connector import Body
from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry, StoreAway
from connectors.framework.outcome import UNKNOWN, Outcome
from connectors.framework.redis_answers import redis_answers
from connectors.framework.surroundings import Surroundings
from connectors.messaging.channel import Channel
from connectors.messaging.entry import Choice
from connectors.messaging.rendering import Rendering, render
from connectors.messaging.settings import MessagingSettings, WhatsAppAccount
from connectors.messaging.whatsapp import payloads
from connectors.messaging.whatsapp.api import GraphApi
from connectors.messaging.whatsapp.api_errors import TemplateMismatch, undelivered
from connectors.messaging.whatsapp.asked import Asked
from connectors.messaging.whatsapp.notification import FAILED
from connectors.messaging.whatsapp.payloads import Payload
from connectors.messaging.whatsapp.templates import fitting
from connectors.messaging.whatsapp.window import Window
from connectors.sms_gateway.attempts import Attempt, Attempts
from connectors.sms_gateway.receipts import Receipts

CHANNEL: Final = "whatsapp"

logger = logging.getLogger(__name__)

_RECEIPT_PAUSE_SECONDS: Final = 1.0
_MARGIN_SECONDS: Final = 0.5
"""So long before a command's deadline a request is given up: then there is time to say that nobody knows what became of it."""

_LEAST_SECONDS: Final = 0.2
"""With less time than that left no request is begun: the framework would cut it off."""

_NO_RECEIPT: Final = "WhatsApp did not answer, and no receipt tells whether the message was sent."


class _NoReceipt(StoreAway):
    """Our store has no receipt yet, which says nothing of WhatsApp's health: the account's other messages go on."""

    def __init__(self, after: float) -> None:
        super().__init__(_NO_RECEIPT, outcome=UNKNOWN)
        self.after = after


class WhatsApp(Channel):
    """Writes to WhatsApp.

    The API has no idempotency key and lists no messages. So a message is noted before it is asked for, and carries the command's id, which
    comes back with its receipts (`biz_opaque_callback_data`). Where a request was not answered, a receipt says that it was sent; where none
    comes in time, the outcome is `unknown`, and the message is not sent again.
    """

    name = CHANNEL

    def __init__(self, surroundings: Surroundings) -> None:
        settings = surroundings.read(MessagingSettings)
        prefix = surroundings.deployment.topic_prefix
        self._accounts = settings.whatsapp_accounts
        self._settled_seconds = settings.settled_seconds
        self._redis = Redis.from_url(surroundings.deployment.redis_url)
        self._window = Window(self._redis, prefix)
        self._attempts = Attempts(self._redis, f"{prefix}whatsapp:", settings.receipt_expiry_seconds)
        self._receipts = Receipts(self._redis, f"{prefix}whatsapp:", settings.receipt_expiry_seconds)
        self._api = GraphApi(surroundings, self._accounts.values(), settings.request_seconds)

    @override
    async def open(self) -> None:
        await self._api.open()

    @override
    async def close(self) -> None:
        await self._api.close()
        await self._redis.aclose()

    @override
    async def send_message(self, body: Body, context: Context) -> Outcome:
        done = await self._done(context)
        return done or await self._send(payloads.text(_whole(body["text"])), {}, context)

    @override
    async def send_choices(self, body: Body, context: Context) -> Outcome:
        done = await self._done(context)
        if done is not None:
            return done
        account, choices = self._account(context), Choice.all_of(body["choices"])
        values = {}
        if body["template"] is not None:
            try:
                payload = await self._template(account, body["template"], body["text"], choices)
                return await self._send(payload, {"rendered": "buttons"}, context, template=True)
            except TemplateMismatch:
                values["warning"] = "template_mismatch"
        # What does not fit a template is not guessed to fit buttons (§ 2.3): it goes out as numbered text.
        limits = {**body["limits"], "buttons": 0, "list_items": 0} if values else body["limits"]
        rendering = _rendered(body["text"], choices, limits)
        return await self._send(_payload(rendering, account), {"rendered": rendering.kind, **values}, context)

    async def _template(self, account: WhatsAppAccount, name: str, text: str, choices: tuple[Choice, ...]) -> Payload:
        if account.business_account_id is None:
            raise TemplateMismatch("the account's business_account_id is not set, so that its templates cannot be looked up")
        try:
            found = await self._api.templates(account, name)
        except Refused as refused:
            logger.warning("whatsapp %s: templates cannot be looked up: %s", account.phone_number_id, refused)
            raise TemplateMismatch("the account's templates cannot be looked up") from refused
        return fitting(name, found, text, choices)

    async def _send(self, payload: Payload, values: Mapping[str, str], context: Context, *, template: bool = False) -> Outcome:
        account, asked = self._account(context), Asked(context.envelope["account"], values)
        left = context.seconds_left(_MARGIN_SECONDS)
        if left is not None and left < _LEAST_SECONDS:
            raise Refused("timeout", "No time is left to send the message.")
        with redis_answers():
            # Between the note and the request Redis is asked nothing more: where it went away there, a note would tell of no request.
            if not template and not await self._window.is_open(context.conversation_id):
                raise Refused("outside_window", "More than 24 hours have passed since the customer wrote; only a template may be sent.")
            earlier = await self._attempts.begin(context.command_id, asked.to_json())
            if earlier is not None:  # by one that was taken for dead
                return await self._became(earlier, context)
            return await self._ask(account, payload, asked, context)

    async def _ask(self, account: WhatsAppAccount, payload: Payload, asked: Asked, context: Context) -> Outcome:
        message = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": context.envelope["address"].removeprefix("+"),
            "biz_opaque_callback_data": context.command_id,
            **payload,
        }
        try:
            message_id = await self._api.send(account, message, context.seconds_left(_MARGIN_SECONDS))
        except Retry as retry:
            if retry.outcome != UNKNOWN:
                await self._attempts.withdraw(context.command_id)
            raise
        except (Refused, TemplateMismatch):
            await self._attempts.withdraw(context.command_id)
            raise
        with redis_answers(otherwise=UNKNOWN):  # it is sent, and its receipt will say so
            await self._attempts.done(context.command_id, message_id, asked.to_json())
        return Outcome.ok(**asked.values)

    async def _done(self, context: Context) -> Outcome | None:
        with redis_answers():
            earlier = await self._attempts.find(context.command_id)
            return None if earlier is None else await self._became(earlier, context)

    async def _became(self, earlier: Attempt, context: Context) -> Outcome:
        """Return what became of an attempt that was made before."""
        values = Asked.from_json(earlier.note).values
        if earlier.message_id is not None:
            return Outcome.ok(**values)
        receipt = await self._receipts.find(context.command_id)
        if receipt is not None:
            if receipt["status"] == FAILED:
                raise undelivered(receipt["code"])
            await self._attempts.done(context.command_id, receipt["message"], earlier.note)
            return Outcome.ok(**values)
        left = earlier.begun / 1000 + self._settled_seconds - time.time()
        if left > 0:
            raise _NoReceipt(min(left, _RECEIPT_PAUSE_SECONDS))
        return Outcome(UNKNOWN, "unreachable", _NO_RECEIPT)

    def _account(self, context: Context) -> WhatsAppAccount:
        account = self._accounts.get(context.envelope["account"])
        if account is None:
            expected = ", ".join(self._accounts) or "(none is set)"
            raise Refused("unknown_account", f"Expected one of the accounts {expected}; found {context.envelope['account']!r}.")
        return account


def _rendered(text: str, choices: tuple[Choice, ...], limits: Mapping[str, int]) -> Rendering:
    """Render what fits the command's limits and WhatsApp's own: it wants a text, not too long a one, and choices that differ."""
    if not text.strip() or len({choice.text.strip() for choice in choices} - {""}) < len(choices):
        limits = {**limits, "buttons": 0, "list_items": 0}
    if len(text) > payloads.LONGEST_BUTTON_BODY:
        limits = {**limits, "buttons": 0}
    if len(text) > payloads.LONGEST_LIST_BODY:
        limits = {**limits, "list_items": 0}
    return render(text, choices, limits)


def _payload(rendering: Rendering, account: WhatsAppAccount) -> Payload:
    match rendering.kind:
        case "buttons":
            return payloads.buttons(rendering.text, rendering.choices)
        case "list":
            return payloads.choice_list(rendering.text, rendering.choices, account.list_button)
        case "numbered":
            return payloads.text(_whole(rendering.text))


def _whole(text: str) -> str:
    if len(text) > payloads.LONGEST_TEXT:
        raise Refused("too_long", f"Expected at most {payloads.LONGEST_TEXT} characters; found {len(text)}.")
    return text
