"""WhatsApp's Cloud API on loopback, which behaves as Meta's documents say.

developers.facebook.com/documentation/business-messaging/whatsapp: messages, templates, support/error-codes, throughput, webhooks and
business-phone-numbers/media.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Literal, Self

from aiohttp import ClientSession, web

Fault = Literal["lose_request", "lose_answer", "hang", "nonsense", "no_http", "bad_gateway", "unavailable", "service_down"] | int
"""What happens to the next request; a number is an error code of the API."""

_HTTP: Mapping[int, int] = {190: 401, 0: 401, 10: 403, 368: 403, 131031: 403, 130429: 400, 131056: 400, 4: 400, 2: 503, 131000: 500}
_TITLES: Mapping[int, str] = {
    100: "Invalid parameter",
    190: "Error validating access token",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    130429: "Rate limit hit",
    132000: "Template Param Count Mismatch",
    132001: "Template does not exist",
    132015: "Template is paused",
}


@dataclass
class Sent:
    id: str
    to: str
    message: dict[str, Any]

    @property
    def data(self) -> str:
        return str(self.message.get("biz_opaque_callback_data"))


@dataclass
class WhatsAppServer:
    """One business phone number. `faults` are used up one a request; `sent` are the messages that were taken, oldest first."""

    phone_number_id: str = "106540352242922"
    business_account_id: str = "102290129340398"
    display_phone_number: str = "15550783881"
    access_token: str = "token of the system user"
    app_secret: str = "secret of the app"
    verify_token: str = "ours to verify with"
    no_customers: set[str] = field(default_factory=set)
    per_second: float = float("inf")
    faults: deque[Fault] = field(default_factory=deque)
    sent: list[Sent] = field(default_factory=list)
    templates: list[dict[str, Any]] = field(default_factory=list)
    media: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    media_url: str | None = None
    digest: Callable[[bytes], str | None] = lambda content: hashlib.sha256(content).hexdigest()
    requests: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    port: int = 0

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_post(f"/v23.0/{self.phone_number_id}/messages", self._send)
        application.router.add_get(f"/v23.0/{self.business_account_id}/message_templates", self._templates)
        application.router.add_get("/v23.0/{media}", self._media)
        application.router.add_get("/files/{media}", self._file)
        application.router.add_route("*", "/{path:.*}", self._unknown)
        self._runner = web.AppRunner(application, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        self._session = ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._runner.cleanup()

    def account(self, **more: Any) -> dict[str, Any]:
        """The account as the settings have it."""
        return {
            "phone_number_id": self.phone_number_id,
            "business_account_id": self.business_account_id,
            "access_token": self.access_token,
            "app_secret": self.app_secret,
            "verify_token": self.verify_token,
            "base_url": f"http://127.0.0.1:{self.port}",
            **more,
        }

    def add_template(self, name: str, body: str, *buttons: str, status: str = "APPROVED", language: str = "fr") -> None:
        shown = [{"type": "QUICK_REPLY", "text": text} for text in buttons]
        components = [{"type": "BODY", "text": body}, {"type": "BUTTONS", "buttons": shown}]
        self.templates.append(
            {"id": str(len(self.templates)), "name": name, "status": status, "language": language, "components": components}
        )

    def add_media(self, mime_type: str, content: bytes) -> str:
        """Keep a file and return its id."""
        media_id = str(len(self.media) + 1_000)
        self.media[media_id] = (mime_type, content)
        return media_id

    # What the platform tells the webhook.

    async def receive(self, url: str, *messages: Mapping[str, Any], name: str = "Ann", **value: Any) -> int:
        """Tell the webhook of customers' messages; returns the status of its answer."""
        contacts = [{"profile": {"name": name}, "wa_id": message.get("from")} for message in messages]
        return await self.post(url, self.notification({"contacts": contacts, "messages": list(messages), **value}))

    async def report(self, url: str, sent: Sent, status: str, *codes: int, at: int | None = None) -> int:
        """Tell the webhook what became of a message."""
        errors = [{"code": code, "title": _TITLES.get(code, "")} for code in codes]
        receipt = {
            "id": sent.id, "status": status, "timestamp": str(at or int(time.time())), "recipient_id": sent.to,
            "biz_opaque_callback_data": sent.data, **({"errors": errors} if errors else {}),
        }  # fmt: skip
        return await self.post(url, self.notification({"statuses": [receipt]}))

    def notification(self, *values: Mapping[str, Any]) -> dict[str, Any]:
        metadata = {"display_phone_number": self.display_phone_number, "phone_number_id": self.phone_number_id}
        changes = [{"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}} for value in values]
        return {"object": "whatsapp_business_account", "entry": [{"id": self.business_account_id, "changes": changes}]}

    async def post(self, url: str, notification: Mapping[str, Any] | bytes, signature: str | None = None) -> int:
        """Send a signed notification to the webhook."""
        body = notification if isinstance(notification, bytes) else json.dumps(notification).encode()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": self.sign(body) if signature is None else signature}
        async with self._session.post(url, data=BytesIO(body), headers=headers) as response:
            await response.read()
            return response.status

    def sign(self, body: bytes) -> str:
        return "sha256=" + hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()

    # The API.

    async def _send(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.popleft() if self.faults else None
        self.requests.append("send")
        if (refused := self._unauthorised(request) or self._too_fast()) is not None:
            return refused
        match fault:
            case int():
                return _error(fault)
            case "lose_request":
                _cut(request)
                return web.Response()
            case "bad_gateway":
                return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
            case "unavailable":
                return web.Response(status=503, text="Service Unavailable", headers={"Retry-After": "1"})
            case "service_down":
                return _error(2)
        message = json.loads(await request.read())
        if (code := self._fault_of(message)) is not None:
            return _error(code)
        sent = Sent("wamid." + secrets.token_urlsafe(24), message["to"], message)
        self.sent.append(sent)
        match fault:
            case "hang":
                await asyncio.sleep(60)
            case "lose_answer":
                _cut(request)
            case "no_http":
                assert request.transport is not None
                request.transport.write(b"this is not HTTP\r\n\r\n")
                request.transport.close()
            case "nonsense":
                return web.Response(text="<p>Welcome", content_type="text/html")
        contacts = [{"input": message["to"], "wa_id": message["to"]}]
        return web.json_response({"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": sent.id}]})

    async def _templates(self, request: web.Request) -> web.StreamResponse:
        self.requests.append("templates")
        if (refused := self._unauthorised(request)) is not None:
            return refused
        wanted = request.query.get("name", "")
        return web.json_response({"data": [template for template in self.templates if wanted in template["name"]], "paging": {}})

    async def _media(self, request: web.Request) -> web.StreamResponse:
        if (refused := self._unauthorised(request)) is not None:
            return refused
        media_id = request.match_info["media"]
        found = self.media.get(media_id)
        if found is None:
            return _error(100)
        mime_type, content = found
        url = self.media_url or f"http://127.0.0.1:{self.port}/files/{media_id}"
        return web.json_response(
            {
                "messaging_product": "whatsapp",
                "url": url,
                "mime_type": mime_type,
                "sha256": self.digest(content),
                "file_size": str(len(content)),
                "id": media_id,
            }
        )

    async def _file(self, request: web.Request) -> web.StreamResponse:
        self.requests.append("file")
        if (refused := self._unauthorised(request)) is not None:
            return refused
        mime_type, content = self.media[request.match_info["media"]]
        return web.Response(body=content, headers={"Content-Type": mime_type})

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        """Unsupported request: the object does not exist, or the token may not see it."""
        return self._unauthorised(request) or _error(100)

    def _unauthorised(self, request: web.Request) -> web.Response | None:
        return None if request.headers.get("Authorization") == f"Bearer {self.access_token}" else _error(190)

    def _too_fast(self) -> web.Response | None:
        now = time.monotonic()
        self.times = [at for at in self.times if at > now - 1]
        if len(self.times) >= self.per_second:
            return _error(130429)
        self.times.append(now)
        return None

    def _fault_of(self, message: dict[str, Any]) -> int | None:
        if message.get("messaging_product") != "whatsapp":
            return 100
        if not str(message.get("to", "")).isdigit():
            return 131009
        if message["to"] in self.no_customers:
            return 131026
        match message.get("type"):
            case "text":
                return None if 1 <= len(message["text"]["body"]) <= 4096 else 131009
            case "interactive":
                return _interactive_fault(message["interactive"])
            case "template":
                return self._template_fault(message["template"])
        return 131008

    def _template_fault(self, template: dict[str, Any]) -> int | None:
        for known in self.templates:
            if (known["name"], known["language"]) == (template["name"], template["language"]["code"]):
                if known["status"] != "APPROVED":
                    return 132015
                body, buttons = known["components"]
                given = [part for part in template["components"] if part["type"] == "body"]
                pressed = [part for part in template["components"] if part["type"] == "button"]
                parameters = given[0]["parameters"] if given else []
                if len(parameters) != body["text"].count("{{"):
                    return 132000
                if any("\n" in parameter["text"] or "    " in parameter["text"] for parameter in parameters):
                    return 132018
                return None if [part["index"] for part in pressed] == [str(at) for at in range(len(buttons["buttons"]))] else 132018
        return 132001


def _interactive_fault(interactive: dict[str, Any]) -> int | None:
    body, action = interactive["body"]["text"], interactive["action"]
    if interactive["type"] == "button":
        replies = [button["reply"] for button in action["buttons"]]
        return _choices_fault(replies, 3, 20, 256) or (None if 1 <= len(body) <= 1024 else 131009)
    rows = [row for section in action["sections"] for row in section["rows"]]
    if not 1 <= len(action["button"]) <= 20 or not 1 <= len(body) <= 4096:
        return 131009
    return _choices_fault(rows, 10, 24, 200)


def _choices_fault(choices: Sequence[Mapping[str, str]], most: int, longest_title: int, longest_id: int) -> int | None:
    fits = (
        1 <= len(choices) <= most
        and all(1 <= len(choice["title"]) <= longest_title and 1 <= len(choice["id"]) <= longest_id for choice in choices)
        and len({choice["title"] for choice in choices}) == len({choice["id"] for choice in choices}) == len(choices)
    )
    return None if fits else 131009


def _error(code: int) -> web.Response:
    title = _TITLES.get(code, "Something went wrong")
    error = {
        "message": f"(#{code}) {title}", "type": "OAuthException", "code": code, "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
        "error_data": {"messaging_product": "whatsapp", "details": title},
    }  # fmt: skip
    return web.json_response({"error": error}, status=_HTTP.get(code, 400))


def _cut(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()
