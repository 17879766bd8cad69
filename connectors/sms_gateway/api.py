"""The gateway's HTTP API: messages are created and listed, files fetched."""

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import ClientConnectorError, ClientResponse
from yarl import URL

from connectors.framework.busy import retry_after
from connectors.framework.errors import Refused, Retry
from connectors.framework.json_answer import object_of
from connectors.framework.outbound import Outbound, read_at_most
from connectors.framework.outcome import UNKNOWN
from connectors.framework.surroundings import Surroundings
from connectors.sms_gateway.settings import GatewayAccount

_SCHEMES: Final = frozenset({"https", "http"})
_LARGEST_ANSWER_BYTES: Final = 1_000_000
_PAGES: Final = 5
_PAGE_SIZE: Final = 100


class NotSent(Retry):
    """The request never reached the gateway."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway answered; `content` is empty where it is no JSON object."""

    status: int
    content: Mapping[str, Any]
    after: float | None
    """Seconds to wait (RFC 9110, 10.2.3), where it says so."""

    @property
    def code(self) -> int | None:
        """The gateway's own error code."""
        code = self.content.get("code")
        return code if isinstance(code, int) else None


class GatewayApi:
    """HTTP with the accounts' gateways, whose hosts are trusted because the settings name them."""

    def __init__(self, surroundings: Surroundings, accounts: Iterable[GatewayAccount], seconds: float) -> None:
        """Prepare; `seconds` is how long a gateway may take to answer."""
        self._outbound = Outbound.of(surroundings.settings, (account.base_url for account in accounts))
        self._seconds = seconds

    async def open(self) -> None:
        """Make the HTTP clients."""
        await self._outbound.open()

    async def close(self) -> None:
        """Close their connections."""
        await self._outbound.close()

    async def create(self, account: GatewayAccount, form: Mapping[str, str], within: float | None = None) -> Answer:
        """Ask for a message; `within` so many seconds, where they are fewer than an answer may take.

        Raises:
            NotSent: the gateway could not be reached.
            Retry: it did not answer; it may have taken the message all the same, so that the outcome past the deadline is `unknown`.
            Refused: it can never be reached.
        """
        return await self._ask(account, "POST", _messages(account), urlencode(form).encode(), within=within)

    async def listed(self, account: GatewayAccount, sender: str, recipient: str, since: float) -> AsyncIterator[Mapping[str, Any]]:
        """Give the messages from a sender to a recipient that were created after `since` (seconds since the epoch), newest first.

        Raises as `create` does, and Retry where the gateway answers something else.
        """
        query = urlencode({"To": recipient, "From": sender, "PageSize": _PAGE_SIZE})
        address: str | None = f"{_messages(account)}?{query}"
        for _ in range(_PAGES):
            if address is None:
                return
            answer = await self._ask(account, "GET", address)
            messages = answer.content.get("messages")
            if answer.status != 200 or not isinstance(messages, list):
                detail = f"The gateway does not list its messages (HTTP {answer.status})."
                raise Retry("unreachable", answer.after, detail=detail, outcome=UNKNOWN)
            for message in messages:
                if not isinstance(message, dict):
                    continue
                if _created(message) < since:
                    return
                yield message
            following = answer.content.get("next_page_uri")
            address = f"{account.base_url}{following}" if isinstance(following, str) and following.startswith("/") else None

    @asynccontextmanager
    async def media(self, account: GatewayAccount, url: str) -> AsyncIterator[ClientResponse]:
        """Give the response with a file that came with a message; its body may then be read.

        The account's secret goes to the API's own origin only, whatever address the message named.
        """
        try:
            address = URL(url)
            ours = address.origin() == URL(account.base_url).origin()
        except ValueError as error:
            raise Refused("address_refused", "The file's address cannot be read.") from error
        headers = {"Authorization": _authorization(account)} if ours else {}
        async with self._outbound.request("GET", address, headers=headers, schemes=_SCHEMES) as response:
            yield response

    async def _ask(
        self, account: GatewayAccount, method: str, url: str, body: bytes | None = None, *, within: float | None = None
    ) -> Answer:
        seconds = self._seconds if within is None else min(self._seconds, within)
        headers = {"Authorization": _authorization(account), "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            async with (
                asyncio.timeout(seconds),
                self._outbound.request(method, URL(url, encoded=True), headers=headers, body=body, schemes=_SCHEMES) as response,
            ):
                content = await read_at_most(response, _LARGEST_ANSWER_BYTES)
                return Answer(response.status, object_of(content), retry_after(response))
        except TimeoutError as error:
            raise Retry("unreachable", detail=f"The gateway took more than {seconds:g} seconds.", outcome=UNKNOWN) from error
        except Retry as retry:
            if isinstance(retry.__cause__, ClientConnectorError):
                raise NotSent(retry.reason, detail=retry.detail) from retry
            raise Retry(retry.reason, detail=retry.detail, outcome=UNKNOWN) from retry
        except Refused as refused:
            if refused.reason == "unreadable_body":
                raise Retry("unreachable", detail="The gateway's answer is not HTTP.", outcome=UNKNOWN) from refused
            raise Refused("unreachable", refused.detail) from refused


def _messages(account: GatewayAccount) -> str:
    return f"{account.base_url}/{account.api_version}/Accounts/{account.account_sid}/Messages.json"


def _authorization(account: GatewayAccount) -> str:
    """Return the header of basic authentication (RFC 7617)."""
    return "Basic " + b64encode(f"{account.account_sid}:{account.auth_token.get_secret_value()}".encode()).decode()


def _created(message: Mapping[str, Any]) -> float:
    try:
        return parsedate_to_datetime(str(message.get("date_created"))).timestamp()
    except (ValueError, OverflowError):
        return time.time()
