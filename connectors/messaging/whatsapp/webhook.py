"""The webhook of WhatsApp."""

import hmac
import json
import logging
import time
from typing import Final

from aiohttp import web
from redis.asyncio import Redis

from connectors.framework.fault import Fault
from connectors.framework.request_body import body_of
from connectors.framework.surroundings import Surroundings
from connectors.messaging.answering import answered
from connectors.messaging.incoming import Incoming, IncomingMessages
from connectors.messaging.media import MediaLinks
from connectors.messaging.settings import MessagingSettings
from connectors.messaging.whatsapp.asked import Asked
from connectors.messaging.whatsapp.channel import CHANNEL
from connectors.messaging.whatsapp.notification import FAILED, Message, Receipt, read
from connectors.messaging.whatsapp.window import Window
from connectors.sms_gateway.attempts import Attempts
from connectors.sms_gateway.receipts import Receipts

PATH: Final = "/webhooks/whatsapp"
LARGEST_BODY_BYTES: Final = 3 * 1_024 * 1_024
"""Largest notification (documentation, webhooks/overview)."""

_LONGEST_CHALLENGE: Final = 256
_SCHEME: Final = "sha256="

logger = logging.getLogger(__name__)


class WhatsAppWebhook:
    """Answers 200 once Kafka has all messages of a notification, and 503 where it has not: the platform then sends it again."""

    def __init__(
        self, surroundings: Surroundings, settings: MessagingSettings, redis: Redis, incoming: IncomingMessages, media: MediaLinks
    ) -> None:
        prefix = surroundings.deployment.topic_prefix
        self._accounts = settings.whatsapp_accounts
        self._names = {account.phone_number_id: name for name, account in self._accounts.items()}
        self._incoming = incoming
        self._media = media
        self._window = Window(redis, prefix)
        self._attempts = Attempts(redis, f"{prefix}whatsapp:", settings.receipt_expiry_seconds)
        self._receipts = Receipts(redis, f"{prefix}whatsapp:", settings.receipt_expiry_seconds)

    def mount(self, application: web.Application) -> None:
        """Add the routes."""
        application.add_routes([web.get(PATH, self.verify, allow_head=False), web.post(PATH, self.notify)])

    @answered
    async def verify(self, request: web.Request) -> web.StreamResponse:
        """Answer the challenge with which the platform verifies that the address is ours."""
        token, challenge = request.query.get("hub.verify_token", "").encode(), request.query.get("hub.challenge", "")
        secrets = [account.verify_token.get_secret_value().encode() for account in self._accounts.values()]
        # No shortcut: how long it takes tells nothing of the secrets.
        known = [hmac.compare_digest(token, secret) for secret in secrets]
        if request.query.get("hub.mode") != "subscribe" or not any(known):
            raise Fault(403, "hub.verify_token", "the token of an account", "another")
        if not challenge.isascii() or not challenge.isalnum() or len(challenge) > _LONGEST_CHALLENGE:
            raise Fault(400, "hub.challenge", f"1 to {_LONGEST_CHALLENGE} letters and digits", "something else")
        return web.Response(text=challenge, headers={"X-Content-Type-Options": "nosniff"})

    @answered
    async def notify(self, request: web.Request) -> web.StreamResponse:
        """Take a notification."""
        body = await body_of(request, LARGEST_BODY_BYTES)
        signed = self._signed(body, request.headers.get("X-Hub-Signature-256", ""))
        if not signed:
            raise Fault(401, "X-Hub-Signature-256", "the signature of an account's app", "none or another")
        try:
            notification = json.loads(body)
        except (ValueError, RecursionError):
            raise Fault(400, "body", "JSON", "something else") from None
        for told in read(notification if isinstance(notification, dict) else {}):
            # A signature is good for the app's own numbers only.
            if told.phone_number_id not in signed:
                logger.warning(
                    "whatsapp: what is told of number %r is left out: it is of no account with this signature", told.phone_number_id
                )
                continue
            match told:
                case Message():
                    await self._take(told)
                case Receipt():
                    await self._note(told)
        return web.Response()

    def _signed(self, body: bytes, signature: str) -> frozenset[str]:
        """Return the ids of the phone numbers whose app has signed this."""
        given = signature.removeprefix(_SCHEME).encode("utf-8", "replace") if signature.startswith(_SCHEME) else b""
        return frozenset(
            account.phone_number_id
            for account in self._accounts.values()
            if hmac.compare_digest(hmac.digest(account.app_secret.get_secret_value().encode(), body, "sha256").hex().encode(), given)
        )

    async def _take(self, message: Message) -> None:
        account = self._names[message.phone_number_id]
        address = f"+{message.sender}"
        file = (
            None
            if message.file is None
            else self._media.media(CHANNEL, account, message.file.id, message.file.mime_type, message.file.name)
        )
        if message.file is not None and file is None:
            logger.warning("whatsapp %s: a file of type %r is left out", account, message.file.mime_type)
            if message.text is None:
                return
        # Before Kafka has it: a flow may answer at once.
        at = min(message.at, int(time.time() * 1000))
        await self._window.wrote(self._incoming.conversation(CHANNEL, account, address), at)
        media = () if file is None else (file,)
        await self._incoming.take(
            Incoming(CHANNEL, account, address, message.id, message.at, message.text, message.choice, message.name, media)
        )

    async def _note(self, receipt: Receipt) -> None:
        account = self._names[receipt.phone_number_id]
        if receipt.status == FAILED:
            logger.warning("whatsapp %s: a message was not delivered: code %s", account, receipt.code)
        if receipt.key is None:
            return
        attempt = await self._attempts.find(receipt.key)
        if attempt is None or Asked.from_json(attempt.note).account != account:
            logger.warning("whatsapp %s: a receipt is left out: the account has asked for no such message", account)
            return
        await self._receipts.record(receipt.key, receipt.status, receipt.message_id, receipt.code)
