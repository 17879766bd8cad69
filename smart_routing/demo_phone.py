"""The demo's phones: an SMS gateway that sends nothing and shows every text in the office.

It speaks the part of Twilio's Messages API (2010-04-01) that our client uses: messages are created and listed.
"""

import json
import secrets
import time
from base64 import b64encode
from dataclasses import asdict, dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from connectors.office.answering import answered
from connectors.office.office import Office

_PAGE: Final = Path(__file__).parent / "demo_page" / "phone"
_ACCOUNT: Final = "ACdemo"
_KEPT: Final = 500


@dataclass(frozen=True, slots=True)
class Text:
    """A text that was sent; `at` is epoch milliseconds."""

    id: str
    at: int
    sender: str
    recipient: str
    text: str


class DemoPhone:
    """The gateway, and the office's page on which its texts are read."""

    def __init__(self) -> None:
        """Prepare, with no text."""
        self._texts: list[Text] = []
        self._token = secrets.token_urlsafe(24)

    def settings(self, address: str) -> str:
        """Return the value of SMART_ROUTING_SMS_GATEWAY_ACCOUNTS for a gateway that is served at an address."""
        return json.dumps({"demo": {"account_sid": _ACCOUNT, "auth_token": self._token, "base_url": address}})

    def application(self) -> web.Application:
        """Return the gateway."""
        application = web.Application()
        path = f"/2010-04-01/Accounts/{_ACCOUNT}/Messages.json"
        application.add_routes([web.post(path, self._create), web.get(path, self._list)])
        return application

    def mount(self, office: Office) -> None:
        """Add the page of texts."""
        office.add("GET", "/api/phone", self._shown)
        office.page("/phone", "Phone", _PAGE)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        form = await request.post()
        text = Text(f"SM{secrets.token_hex(16)}", time.time_ns() // 1_000_000, str(form["From"]), str(form["To"]), str(form["Body"]))
        self._texts = [*self._texts[1 - _KEPT :], text]
        return web.json_response(_message(text), status=201)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        wanted = (request.query.get("From"), request.query.get("To"))
        found = [_message(text) for text in reversed(self._texts) if (text.sender, text.recipient) == wanted]
        return web.json_response({"messages": found, "next_page_uri": None})

    async def _shown(self, _request: web.Request) -> web.StreamResponse:
        return answered({"texts": [asdict(text) for text in reversed(self._texts)]})

    def _check(self, request: web.Request) -> None:
        authorization = request.headers.get("Authorization")
        if authorization is None or not secrets.compare_digest(authorization, _basic(self._token)):
            raise web.HTTPUnauthorized


def _basic(token: str) -> str:
    return f"Basic {b64encode(f'{_ACCOUNT}:{token}'.encode()).decode()}"


def _message(text: Text) -> dict[str, Any]:
    return {
        "sid": text.id,
        "from": text.sender,
        "to": text.recipient,
        "body": text.text,
        "status": "delivered",
        "date_created": formatdate(text.at / 1000),
    }
