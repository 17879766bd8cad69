"""The webhook of the SMS gateway for customers' texts."""

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from aiohttp import web

from connectors.framework.request_body import body_of
from connectors.messaging.answering import answered
from connectors.messaging.incoming import Incoming, IncomingMessages
from connectors.messaging.media import MediaLinks
from connectors.messaging.settings import MessagingSettings
from connectors.messaging.sms import CHANNEL
from connectors.sms_gateway.client import SmsGateway
from connectors.sms_gateway.opt_outs import keyword_of
from connectors.sms_gateway.webhook import signed_form

PATH: Final = "/webhooks/sms/{gateway}"
LARGEST_BODY_BYTES: Final = 256 * 1_024
_MOST_FILES: Final = 10

logger = logging.getLogger(__name__)


class SmsWebhook:
    """Answers 200 with an empty TwiML document once Kafka has the text, and 503 where it has not.

    The gateway sends again only where the webhook's address asks for it: `…/webhooks/sms/<name>#rc=5&rp=all`
    (twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
    """

    def __init__(
        self, public_url: str, settings: MessagingSettings, gateway: SmsGateway, incoming: IncomingMessages, media: MediaLinks
    ) -> None:
        self._public_url = public_url
        self._names = {number: name for name, number in settings.sms_accounts.items()}
        self._gateway = gateway
        self._incoming = incoming
        self._media = media

    def mount(self, application: web.Application) -> None:
        """Add the route."""
        application.router.add_post(PATH, self.receive)

    @answered
    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Take a customer's text."""
        gateway = request.match_info["gateway"]
        form = signed_form(self._gateway.settings, self._public_url, request, await body_of(request, LARGEST_BODY_BYTES))
        sender, to, sid = form.get("From", ""), form.get("To", ""), form.get("MessageSid", "")
        account = self._names.get(to)
        if account is None or not self._is_of(gateway, to):
            logger.warning("sms %s: a text to a number that is none of the account's is left out", gateway)
        elif not sender or not sender.isprintable() or len(sender) > 64 or not 1 <= len(sid) <= 64:
            logger.warning("sms %s: a text without sender or id is left out", gateway)
        elif not await self._incoming.is_known(CHANNEL, account, sid):
            if await self._is_keyword(to, sender, form):
                await self._incoming.know(CHANNEL, account, sid)  # so that a START that somebody recorded does not undo a later STOP
            else:
                await self._take(gateway, Incoming(CHANNEL, account, sender, sid, int(time.time() * 1000), form.get("Body") or None), form)
        return web.Response(text='<?xml version="1.0" encoding="UTF-8"?><Response/>', content_type="text/xml")

    def _is_of(self, gateway: str, number: str) -> bool:
        """Whether a gateway's account has a number: what another account has signed says nothing of it."""
        found = self._gateway.settings.account_of(number)
        return found is not None and found[0] == gateway

    async def _take(self, gateway: str, message: Incoming, form: Mapping[str, str]) -> None:
        media = self._files(gateway, message.account, form)
        if message.text is not None or media:
            await self._incoming.take(replace(message, media=media))

    async def _is_keyword(self, to: str, sender: str, form: Mapping[str, str]) -> bool:
        """Obey STOP and START as the gateway does, which answers them itself; returns whether the text was no more than that."""
        match keyword_of(form.get("Body", ""), form.get("OptOutType")):
            case "STOP":
                await self._gateway.opt_outs.add(to, sender)
                logger.info("sms: a customer has opted out")
                return True
            case "START":
                return await self._gateway.opt_outs.remove(to, sender) or "OptOutType" in form
            case "HELP":
                return "OptOutType" in form  # else it may be an answer to the flow
            case _:
                return False

    def _files(self, gateway: str, account: str, form: Mapping[str, str]) -> tuple[Mapping[str, str | None], ...]:
        files = []
        number = form.get("NumMedia", "0")
        for at in range(min(int(number), _MOST_FILES) if number.isascii() and number.isdigit() else 0):
            url, mime_type = form.get(f"MediaUrl{at}", ""), form.get(f"MediaContentType{at}", "")
            file = self._media.media(CHANNEL, gateway, url, mime_type) if len(url) <= 1_024 else None
            if file is None:
                logger.warning("sms %s: a file of type %r is left out", account, mime_type)
            else:
                files.append(file)
        return tuple(files)
