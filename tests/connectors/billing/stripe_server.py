"""A payment provider on loopback that behaves as Stripe's documents say: Checkout Sessions, idempotency, errors, signed webhooks."""

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import ClientSession, web

SECRET_KEY = "sk_test_a_key_of_the_tests"
WEBHOOK_SECRET = "whsec_a_secret_of_the_tests"
_DAY = 24 * 60 * 60


def signed(body: bytes, secret: str = WEBHOOK_SECRET, at: float | None = None) -> str:
    """The header Stripe-Signature of a body."""
    stamp = str(int(time.time() if at is None else at))
    return f"t={stamp},v1={hmac.new(secret.encode(), stamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


@dataclass
class StripeServer:
    """Its sessions, the requests that it got, and what it is to do wrong next: statuses, or seconds of silence."""

    port: int = 0
    live: bool = False
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str], str | None]] = field(default_factory=list)
    wrong: list[web.Response | float] = field(default_factory=list)
    webhook: str = ""
    """Where its events go."""
    _answers: dict[str, tuple[dict[str, str], int, dict[str, Any]]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def module(self, **more: Any) -> dict[str, Any]:
        """The settings of a module with an account here."""
        return {
            "provider": "stripe",
            "base_url": f"http://127.0.0.1:{self.port}",
            "secret_key": SECRET_KEY,
            "webhook_secret": WEBHOOK_SECRET,
            "merchant": "Heron Electric",
            **more,
        }

    @property
    def session(self) -> dict[str, Any]:
        """The newest session."""
        return list(self.sessions.values())[-1]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        form = dict(parse_qsl((await request.read()).decode(), strict_parsing=request.method == "POST" and request.can_read_body))
        key = request.headers.get("Idempotency-Key")
        self.requests.append((request.method, request.path, form, key))
        if self.wrong:
            match self.wrong.pop(0):
                case float() | int() as seconds:
                    await asyncio.sleep(seconds)
                case refusal:
                    return refusal
        if request.headers.get("Authorization") != f"Bearer {SECRET_KEY}":
            return _error(401, "invalid_request_error", None, "Invalid API Key provided")
        if key in self._answers:  # the same key: the same answer, and other parameters are an error
            before, status, answer = self._answers[key]
            if before != form:
                return _error(400, "idempotency_error", None, "Keys for idempotent requests can only be used with the same parameters")
            return web.json_response(answer, status=status)
        response = self._answer(request, form)
        if key is not None and response.status < 500:
            self._answers[key] = (form, response.status, json.loads(response.text or "{}"))
        return response

    def _answer(self, request: web.Request, form: dict[str, str]) -> web.Response:
        match request.method, request.path.removeprefix("/v1/checkout/sessions").strip("/").split("/"):
            case "POST", [""]:
                return self._create(form)
            case "GET", [identity] if identity in self.sessions:
                return web.json_response(self.sessions[identity])
            case "POST", [identity, "expire"] if identity in self.sessions:
                session = self.sessions[identity]
                if session["status"] != "open":
                    return _error(400, "invalid_request_error", None, f"This Session is {session['status']}, only open ones can be expired")
                session.update(status="expired", url=None)
                return web.json_response(session)
        return _error(404, "invalid_request_error", "resource_missing", "No such checkout.session")

    def _create(self, form: dict[str, str]) -> web.Response:
        now = int(time.time())
        expires = int(form.get("expires_at", now + _DAY))
        units = form.get("line_items[0][price_data][unit_amount]", "")
        if not now + 30 * 60 <= expires <= now + _DAY:
            return _error(400, "invalid_request_error", "expires_at", "The expires_at timestamp must be 30 minutes to 24 hours from now")
        if not units.isdigit():
            return _error(400, "invalid_request_error", "parameter_invalid_integer", f"Invalid integer: {units}")
        if int(units) < 50:
            return _error(400, "invalid_request_error", "amount_too_small", "The amount must be at least €0.50")
        if len(form.get("client_reference_id", "")) > 200:
            return _error(400, "invalid_request_error", None, "client_reference_id: too long")
        identity = f"cs_test_{next(self._numbers)}"
        self.sessions[identity] = {
            "id": identity,
            "object": "checkout.session",
            "url": f"http://127.0.0.1:{self.port}/c/pay/{identity}",
            "status": "open",
            "payment_status": "unpaid",
            "amount_total": int(units),
            "currency": form["line_items[0][price_data][currency]"],
            "client_reference_id": form.get("client_reference_id"),
            "metadata": {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")},
            "expires_at": expires,
            "livemode": self.live,
        }
        return web.json_response(self.sessions[identity])

    # What customers do on its pages, and what it tells of that.

    def event(self, kind: str, about: dict[str, Any], **more: Any) -> bytes:
        """The body of a webhook."""
        event = {"id": f"evt_{next(self._numbers)}", "object": "event", "type": kind, "created": int(time.time()), "livemode": self.live}
        return json.dumps({**event, "data": {"object": about}, **more}).encode()

    async def tell(self, body: bytes, header: str | None = None) -> int:
        """Send a webhook; gives the status."""
        headers = {"Stripe-Signature": signed(body) if header is None else header, "Content-Type": "application/json"}
        async with ClientSession() as http, http.post(self.webhook, data=body, headers=headers) as response:
            return response.status

    async def pay(self, session: dict[str, Any], *, told: bool = True, delayed: bool = False) -> bytes:
        """A customer pays, at once or by a transfer; gives the event, told or not."""
        assert session["status"] == "open", "only an open page takes money"
        session.update(status="complete", payment_status="unpaid" if delayed else "paid", url=None)
        body = self.event("checkout.session.completed", session)
        if told:
            assert await self.tell(body) == 200
        return body

    def failed_intent(self, session: dict[str, Any], code: str, decline_code: str | None, method: str) -> bytes:
        """The body of a webhook that tells that a try of a page failed; it does not name the page."""
        error = {"code": code, "type": "card_error", "payment_method": {"type": method}}
        if decline_code is not None:
            error["decline_code"] = decline_code
        intent = {
            "id": "pi_1",
            "object": "payment_intent",
            "metadata": {"payment": session["metadata"]["payment"]},
            "last_payment_error": error,
        }
        return self.event("payment_intent.payment_failed", intent)

    async def decline(
        self, session: dict[str, Any], code="card_declined", decline_code: str | None = "generic_decline", method="card"
    ) -> None:
        """A customer's card is declined; the page stays open."""
        assert await self.tell(self.failed_intent(session, code, decline_code, method)) == 200


def _error(status: int, kind: str, code: str | None, message: str) -> web.Response:
    error = {"type": kind, "message": message, **({} if code is None else {"code": code})}
    return web.json_response({"error": error}, status=status)


@asynccontextmanager
async def stripe_server():
    served = StripeServer()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", served.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        served.port = runner.addresses[0][1]
        yield served
    finally:
        await runner.cleanup()
