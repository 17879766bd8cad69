"""An SMS gateway on loopback that behaves as Twilio's documents say.

Messages resource: twilio.com/docs/messaging/api/message-resource; errors: …/docs/api/errors; incoming messages: …/docs/messaging/guides/
webhook-request; receipts: …/docs/messaging/guides/track-outbound-message-status; signatures: …/docs/usage/webhooks/webhooks-security.
"""

import asyncio
import hmac
import secrets
import time
from base64 import b64encode
from collections import deque
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlencode

from aiohttp import ClientSession, web

Fault = Literal[
    "lose_request", "lose_answer", "hang", "nonsense", "no_http", "bad_gateway", "unavailable", "busy", "list_down", "list_hangs"
]
_MESSAGES = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    21211: "The 'To' number is not a valid phone number",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
    21602: "Message body is required",
    21604: "A 'To' phone number is required",
    21606: "The 'From' phone number is not a valid, SMS-capable inbound phone number or short code for your account",
    21609: "The 'StatusCallback' URL is not a valid URL",
    21610: "Attempt to send to unsubscribed recipient",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
}


@dataclass
class Message:
    sid: str
    sender: str
    recipient: str
    body: str
    callback: str | None
    created: float
    segments: int
    status: str = "queued"

    def to_json(self, account: str) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "account_sid": account,
            "api_version": "2010-04-01",
            "messaging_service_sid": None,
            "to": self.recipient,
            "from": self.sender,
            "body": self.body,
            "status": self.status,
            "direction": "outbound-api",
            "num_segments": str(self.segments),
            "num_media": "0",
            "date_created": formatdate(self.created, usegmt=False).replace("-0000", "+0000"),
            "date_sent": None,
            "error_code": None,
            "error_message": None,
            "price": None,
            "price_unit": "USD",
            "uri": f"/2010-04-01/Accounts/{account}/Messages/{self.sid}.json",
        }


@dataclass
class SmsServer:
    """One account. `faults` are used up one a request; `messages` are those that were taken, oldest first."""

    account_sid: str = "AC" + "0" * 32
    auth_token: str = "the account's secret"
    senders: set[str] = field(default_factory=lambda: {"+14155550100"})
    landlines: set[str] = field(default_factory=set)
    closed_regions: tuple[str, ...] = ()
    requests_a_second: float = float("inf")
    faults: deque[Fault] = field(default_factory=deque)
    messages: list[Message] = field(default_factory=list)
    opted_out: set[tuple[str, str]] = field(default_factory=set)
    media: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    page_size: int = 50
    port: int = 0

    async def __aenter__(self) -> Self:
        application = web.Application()
        base = f"/2010-04-01/Accounts/{self.account_sid}"
        application.router.add_post(f"{base}/Messages.json", self._create)
        application.router.add_get(f"{base}/Messages.json", self._list)
        application.router.add_get(f"{base}/Messages/{{message}}/Media/{{media}}", self._file)
        self._runner = web.AppRunner(application, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        self._session = ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def account(self, **more: Any) -> dict[str, Any]:
        """The account as the settings have it."""
        return {"account_sid": self.account_sid, "auth_token": self.auth_token, "base_url": self.base_url, **more}

    def add_media(self, mime_type: str, content: bytes) -> str:
        """Keep a file and return its address, as incoming messages name it."""
        sid = "ME" + secrets.token_hex(16)
        self.media[sid] = (mime_type, content)
        return f"{self.base_url}/2010-04-01/Accounts/{self.account_sid}/Messages/MM{'0' * 32}/Media/{sid}"

    async def receive(self, url: str, sender: str, to: str, body: str, *media: tuple[str, str], sid: str | None = None, **more: str) -> int:
        """Tell a webhook of an incoming message; `media` are addresses and MIME types. Returns the status of its answer."""
        sid = sid or ("MM" if media else "SM") + secrets.token_hex(16)
        form = {
            "MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "AccountSid": self.account_sid, "From": sender, "To": to, "Body": body,
            "NumMedia": str(len(media)), "NumSegments": "1", "SmsStatus": "received", "ApiVersion": "2010-04-01", **more,
        }  # fmt: skip
        for number, (address, mime_type) in enumerate(media):
            form |= {f"MediaUrl{number}": address, f"MediaContentType{number}": mime_type}
        return await self.post(url, form)

    async def report(self, message: Message, status: str, code: str | None = None) -> int:
        """Tell the message's callback of its status."""
        message.status = status
        form = {
            "MessageSid": message.sid, "MessageStatus": status, "SmsSid": message.sid, "SmsStatus": status, "AccountSid": self.account_sid,
            "From": message.sender, "To": message.recipient, "ApiVersion": "2010-04-01", **({"ErrorCode": code} if code else {}),
        }  # fmt: skip
        assert message.callback is not None
        return await self.post(message.callback, form)

    async def post(self, url: str, form: dict[str, str], signature: str | None = None) -> int:
        """Send a signed form to a webhook."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": self.sign(url, form) if signature is None else signature,
        }
        async with self._session.post(url, data=urlencode(form), headers=headers) as response:
            await response.read()
            return response.status

    def sign(self, url: str, form: dict[str, str]) -> str:
        text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
        return b64encode(hmac.digest(self.auth_token.encode(), text.encode(), "sha1")).decode()

    async def _create(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.popleft() if self.faults and not self.faults[0].startswith("list_") else None
        self.requests.append("create")
        if (refused := self._unauthorised(request) or self._too_fast()) is not None:
            return refused
        match fault:
            case "lose_request":
                _cut(request)
                return web.Response()
            case "busy":
                return _error(20429, 429, {"Retry-After": "1"})
            case "unavailable":
                return web.Response(status=503, text="no server is available", headers={"Retry-After": "1"})
            case "bad_gateway":
                return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
        form = dict(parse_qsl(await request.text(), keep_blank_values=True))
        if (refused := self._refused(form)) is not None:
            return refused
        body = form["Body"]
        message = Message(
            "SM" + secrets.token_hex(16),
            form["From"],
            form["To"],
            body,
            form.get("StatusCallback"),
            time.time(),
            1 + (len(body) - 1) // 160,
        )
        self.messages.append(message)
        match fault:
            case "hang":
                await asyncio.sleep(60)
            case "lose_answer":
                _cut(request)
            case "no_http":
                assert request.transport is not None
                request.transport.write(b"this is not HTTP\r\n\r\n")
                _cut(request, abort=False)
            case "nonsense":
                return web.Response(status=200, text="<p>Welcome", content_type="text/html")
        return web.json_response(message.to_json(self.account_sid), status=201)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.requests.append("list")
        if (refused := self._unauthorised(request)) is not None:
            return refused
        if self.faults and self.faults[0].startswith("list_"):
            if self.faults.popleft() == "list_hangs":
                await asyncio.sleep(60)
            return web.Response(status=500)
        wanted = [
            message
            for message in reversed(self.messages)
            if message.recipient == request.query.get("To", message.recipient)
            and message.sender == request.query.get("From", message.sender)
        ]
        size, page = min(int(request.query.get("PageSize", "50")), self.page_size), int(request.query.get("Page", "0"))
        shown = wanted[page * size : (page + 1) * size]
        more = (page + 1) * size < len(wanted)
        following = f"{request.path}?{urlencode({**request.query, 'Page': str(page + 1)})}" if more else None
        return web.json_response(
            {
                "messages": [message.to_json(self.account_sid) for message in shown],
                "page": page,
                "page_size": size,
                "next_page_uri": following,
            }
        )

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if (refused := self._unauthorised(request)) is not None:
            return refused
        found = self.media.get(request.match_info["media"])
        if found is None:
            return _error(20404, 404)
        return web.Response(body=found[1], content_type=found[0])

    def _unauthorised(self, request: web.Request) -> web.Response | None:
        expected = "Basic " + b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        return None if request.headers.get("Authorization") == expected else _error(20003, 401)

    def _too_fast(self) -> web.Response | None:
        now = time.monotonic()
        self.times = [at for at in self.times if at > now - 1]
        if len(self.times) >= self.requests_a_second:
            return _error(20429, 429, {"Retry-After": "1"})
        self.times.append(now)
        return None

    def _refused(self, form: dict[str, str]) -> web.Response | None:
        recipient, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
        callback = form.get("StatusCallback")
        if not recipient:
            return _error(21604)
        if not recipient.startswith("+") or not recipient[1:].isdigit():
            return _error(21211)
        if sender not in self.senders:
            return _error(21606)
        if not body:
            return _error(21602)
        if len(body) > 1600:
            return _error(21617)
        if recipient in self.landlines:
            return _error(21614)
        if recipient.startswith(self.closed_regions):
            return _error(21408)
        if (sender, recipient) in self.opted_out:
            return _error(21610)
        if callback is not None and not callback.startswith(("http://", "https://")):
            return _error(21609)
        return None


def _error(code: int, status: int = 400, headers: dict[str, str] | None = None) -> web.Response:
    content = {"code": code, "message": _MESSAGES[code], "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}
    return web.json_response(content, status=status, headers=headers)


def _cut(request: web.Request, *, abort: bool = True) -> None:
    assert request.transport is not None
    if abort:
        request.transport.abort()
    else:
        request.transport.close()
