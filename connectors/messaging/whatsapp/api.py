"""Meta's Graph API: messages are sent, templates and files fetched."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import quote, urlencode

from aiohttp import ClientConnectorError, ClientResponse
from yarl import URL

from connectors.framework.busy import retry_after
from connectors.framework.errors import Refused, Retry
from connectors.framework.json_answer import object_of
from connectors.framework.outbound import Outbound, read_at_most
from connectors.framework.outcome import UNKNOWN
from connectors.framework.surroundings import Surroundings
from connectors.messaging.settings import WhatsAppAccount
from connectors.messaging.whatsapp.api_errors import failure_of

_SCHEMES: Final = frozenset({"https", "http"})
_LARGEST_ANSWER_BYTES: Final = 1_000_000


class GraphApi:
    """HTTP with the accounts' Graph APIs, whose hosts are trusted because the settings name them."""

    def __init__(self, surroundings: Surroundings, accounts: Iterable[WhatsAppAccount], seconds: float) -> None:
        """Prepare; `seconds` is how long the API may take to answer."""
        self._outbound = Outbound.of(surroundings.settings, (account.base_url for account in accounts))
        self._seconds = seconds

    async def open(self) -> None:
        """Make the HTTP clients."""
        await self._outbound.open()

    async def close(self) -> None:
        """Close their connections."""
        await self._outbound.close()

    async def send(self, account: WhatsAppAccount, message: Mapping[str, Any], within: float | None = None) -> str:
        """Send a message and return its id (wamid); `within` so many seconds, where they are fewer than the API may take.

        Raises:
            Refused, TemplateMismatch: it was not sent.
            Retry: it was not sent, or, where the outcome is `unknown`, may have been.
        """
        content = await self._ask(account, "POST", f"{account.phone_number_id}/messages", body=json.dumps(message).encode(), within=within)
        try:
            return str(content["messages"][0]["id"])
        except (KeyError, IndexError, TypeError):
            raise Retry("unreachable", detail="WhatsApp's answer says neither yes nor no.", outcome=UNKNOWN) from None

    async def templates(self, account: WhatsAppAccount, name: str) -> list[Mapping[str, Any]]:
        """Return the account's templates of a name, in all languages and states.

        Raises Refused or Retry.
        """
        query = urlencode({"name": name, "fields": "name,language,status,components", "limit": 100})
        try:
            content = await self._ask(account, "GET", f"{account.business_account_id}/message_templates", query)
        except Retry as retry:
            raise Retry(retry.reason, retry.after, detail=retry.detail) from retry  # it reads only: nothing is sent
        found = content.get("data")
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    async def media_of(self, account: WhatsAppAccount, media_id: str) -> Mapping[str, Any]:
        """Return `url`, `mime_type`, `sha256` and `file_size` of a file; the address is good for five minutes.

        Raises Refused or Retry.
        """
        return await self._ask(account, "GET", quote(media_id, safe=""), urlencode({"phone_number_id": account.phone_number_id}))

    @asynccontextmanager
    async def file(self, account: WhatsAppAccount, url: str) -> AsyncIterator[ClientResponse]:
        """Give the response with a file; the token is shown to the API's host and the account's media hosts only.

        Raises Refused, with `address_refused` for any other host, or Retry.
        """
        try:
            address = URL(url)
            ours = address.origin() == URL(account.base_url).origin()
        except ValueError as error:
            raise Refused("address_refused", "The file's address cannot be read.") from error
        if not ours and not (address.scheme == "https" and address.host in account.media_hosts):
            raise Refused("address_refused", "The file is on none of WhatsApp's hosts.")
        async with self._outbound.request("GET", address, headers=_headers(account), schemes=_SCHEMES) as response:
            yield response

    async def _ask(
        self, account: WhatsAppAccount, method: str, path: str, query: str = "", *, body: bytes | None = None, within: float | None = None
    ) -> Mapping[str, Any]:
        seconds = self._seconds if within is None else min(self._seconds, within)
        url = URL(f"{account.base_url}/{account.api_version}/{path}" + (f"?{query}" if query else ""), encoded=True)
        headers = _headers(account) if body is None else {**_headers(account), "Content-Type": "application/json"}
        try:
            async with (
                asyncio.timeout(seconds),
                self._outbound.request(method, url, headers=headers, body=body, schemes=_SCHEMES) as response,
            ):
                content = object_of(await read_at_most(response, _LARGEST_ANSWER_BYTES))
                status, after = response.status, retry_after(response)
        except TimeoutError as error:
            raise Retry("unreachable", detail=f"WhatsApp took more than {seconds:g} seconds.", outcome=UNKNOWN) from error
        except Retry as retry:
            outcome = None if isinstance(retry.__cause__, ClientConnectorError) else UNKNOWN
            raise Retry(retry.reason, detail=retry.detail, outcome=outcome) from retry
        except Refused as refused:
            if refused.reason == "unreadable_body":
                raise Retry("unreachable", detail="WhatsApp's answer is not HTTP.", outcome=UNKNOWN) from refused
            raise
        said = content.get("error")
        code = said.get("code") if isinstance(said, dict) else None
        if isinstance(code, int):
            raise failure_of(status, code, after)
        if status == 503:
            raise Retry("unreachable", detail="WhatsApp is not available at the moment (HTTP 503).")
        if status != 200:
            raise Retry("unreachable", detail=f"WhatsApp's answer says neither yes nor no (HTTP {status}).", outcome=UNKNOWN)
        return content


def _headers(account: WhatsAppAccount) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.access_token.get_secret_value()}"}
