"""The HTTP client of one CRM: JSON in, JSON out, and what goes wrong in the words of the schema."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlencode

from aiohttp import ClientConnectorError, ClientResponse
from yarl import URL

from connectors.crm.credentials import Authentication, Credential, Fixed
from connectors.framework.busy import is_busy, retry_after
from connectors.framework.errors import Refused, Retry
from connectors.framework.oauth2 import TokenProof
from connectors.framework.outbound import Outbound, read_at_most
from connectors.framework.outcome import UNKNOWN

LARGEST_ANSWER_BYTES: Final = 4 * 1_048_576
_SCHEMES: Final = frozenset({"http", "https"})
_LONGEST_WAIT_SECONDS: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the CRM said: a status below 500, neither 401, 403 nor a redirect; numbers with a fraction are Decimal."""

    status: int
    document: Any


class CrmClient:
    """Calls one CRM. A redirect is not followed: what is shown to the CRM is for its own address."""

    def __init__(self, base_url: str, credential: Credential | None, timeout_seconds: float, outbound: Outbound) -> None:
        self._base_url = base_url
        self._authentication = Authentication(credential, outbound)
        self._timeout_seconds = timeout_seconds
        self._outbound = outbound

    async def close(self) -> None:
        """Stop waiting for what shows the CRM who calls."""
        await self._authentication.close()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Answer:
        """Send a request and return the answer.

        Args:
            method: as HTTP has it.
            path: below the CRM's address; its variable parts are `segment`s.
            query: names and values.
            body: JSON.
            headers: more of them.
            repeatable: whether the request may arrive twice.

        Raises:
            Retry: `unreachable`: it surely was not done, or may be repeated.
            Refused: `refused`; `unreachable` with outcome `unknown` where a request that must not be repeated may have been done.
        """
        request = _Request(method, URL(self._base_url + path + _query(query), encoded=True), body, headers or {}, repeatable)
        proof = self._authentication.proof()
        answer = await self._send(request, proof)
        if answer.status == 401 and proof.renew():
            answer = await self._send(request, proof)
        if answer.status in {401, 403} or 300 <= answer.status < 400:
            raise Refused("refused", f"The CRM answered HTTP {answer.status}.")
        return answer

    async def _send(self, request: "_Request", proof: Fixed | TokenProof) -> Answer:
        try:
            shown = await _shown(proof)
            try:
                return await self._exchange(request, shown)
            except Retry as retry:
                if request.repeatable or not _may_have_arrived(retry):
                    raise
                raise Refused("unreachable", "The CRM's answer was lost; it may have created the card.", outcome=UNKNOWN) from retry
        except Refused as refused:
            if refused.reason in {"unreachable", "refused"}:
                raise
            raise Refused("refused", refused.detail) from refused  # address_refused, unreadable_body … are words of other families

    async def _exchange(self, request: "_Request", shown: Mapping[str, str]) -> Answer:
        content = None if request.body is None else json.dumps(request.body).encode()
        kind = {} if content is None else {"Content-Type": "application/json"}
        headers = {"Accept": "application/json", **kind, **request.headers, **shown}
        try:
            async with asyncio.timeout(self._timeout_seconds):
                asking = self._outbound.request(request.method, request.url, headers=headers, body=content, schemes=_SCHEMES, redirects=0)
                async with asking as response:
                    said = await read_at_most(response, LARGEST_ANSWER_BYTES)
        except TimeoutError as error:
            raise Retry("unreachable", detail=f"The CRM took more than {self._timeout_seconds:g} seconds.") from error
        if is_busy(response):
            raise _Busy(response, said)
        if response.status >= 500:
            raise Retry("unreachable", detail=f"The CRM answered HTTP {response.status}.")
        # What cannot be read may all the same be the answer to something that was done.
        outcome = UNKNOWN if response.status < 300 and not request.repeatable else None
        if said is None:
            raise Refused("refused", f"The CRM's answer has more than {LARGEST_ANSWER_BYTES} bytes.", outcome=outcome)
        try:
            return Answer(response.status, json.loads(said, parse_float=Decimal) if said.strip() else None)
        except (ValueError, ArithmeticError, RecursionError) as error:  # ArithmeticError: a number beyond any Decimal
            if response.status >= 300:
                return Answer(response.status, None)
            raise Refused("refused", "The CRM's answer is no JSON.", outcome=outcome) from error


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: URL
    body: Any
    headers: Mapping[str, str]
    repeatable: bool


class _Busy(Retry):
    """The CRM has done nothing, and asks us to come again."""

    def __init__(self, response: ClientResponse, said: bytes | None) -> None:
        seconds = retry_after(response)
        if b'"DAILY"' in (said or b""):  # HubSpot's policyName: no try of today will do
            seconds = _LONGEST_WAIT_SECONDS
        super().__init__("unreachable", seconds, detail=f"The CRM answered HTTP {response.status}: it is asked too often, or too busy.")


async def _shown(proof: Fixed | TokenProof) -> Mapping[str, str]:
    try:
        return await proof.headers()
    except Retry as retry:  # `status` is no word of this family
        raise Retry("unreachable", retry.after, detail=retry.detail) from retry


def segment(text: str) -> str:
    """Return a text as one segment of a path.

    Raises Refused where it would be another path: the one above, or the whole collection.
    """
    if text in {"", ".", ".."}:
        raise Refused("refused", "Expected a segment of an address, found none.")
    return quote(text, safe="")


def _may_have_arrived(retry: Retry) -> bool:
    return not isinstance(retry, _Busy) and not isinstance(retry.__cause__, ClientConnectorError)


def _query(query: Mapping[str, str] | None) -> str:
    return "?" + urlencode(query, quote_via=quote) if query else ""
