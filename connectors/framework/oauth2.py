"""Access tokens of OAuth 2 (RFC 6749): fetched by a grant, kept until shortly before they expire."""

import asyncio
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from aiohttp import ClientResponse
from yarl import URL

from connectors.framework.busy import is_busy, retry_after
from connectors.framework.ending import end
from connectors.framework.errors import Refused, Retry
from connectors.framework.json_answer import object_of
from connectors.framework.outbound import Outbound, read_at_most

WITHOUT_EXPIRY_SECONDS: Final = 300.0
"""How long a token is used whose answer does not say for how long (RFC 6749, 5.1, recommends it to)."""

_LARGEST_ANSWER_BYTES: Final = 65_536
_LONGEST_FETCH_SECONDS: Final = 30.0
_EARLY_SECONDS: Final = 30.0
_LONGEST_LIFE_SECONDS: Final = 366 * 24 * 3_600.0
_SCHEMES: Final = frozenset({"http", "https"})

_ERRORS: Final = frozenset(  # RFC 6749, 5.2; what else an endpoint may say is not repeated
    {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}
)
_PASSING: Final = frozenset({"server_error", "temporarily_unavailable", "rate_limit_exceeded", "unknown_error"})
"""Errors of an endpoint that is not well: the first two are RFC 6749's (4.1.2.1), the others Salesforce's."""


class NoToken(Refused):
    """The endpoint has nothing against the client, and its answer holds no token that can be used."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What is shown to a token's endpoint. It holds secrets."""

    form: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and what came with it; neither is printed."""

    value: str = field(repr=False)
    answer: Mapping[str, Any] = field(repr=False)


def client_credentials(
    client_id: str, client_secret: str, *, scope: str | None = None, audience: str | None = None, in_form: bool = False
) -> Grant:
    """Return the grant of a client that asks for itself (RFC 6749, 4.4); its secret is in the form, or else in a header."""
    form = {"grant_type": "client_credentials", "scope": scope, "audience": audience}
    if in_form:
        form |= {"client_id": client_id, "client_secret": client_secret}
    given = {name: value for name, value in form.items() if value is not None}
    if in_form:
        return Grant(given)
    # RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return Grant(given, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"})


class AccessTokens:
    """The token of one client: fetched once for all who wait for it."""

    def __init__(self, url: str, grant: Callable[[], Grant], outbound: Outbound, seconds: float = _LONGEST_FETCH_SECONDS) -> None:
        """Prepare.

        Args:
            url: the token's endpoint.
            grant: called for each token anew; raises Refused where there is none.
            outbound: calls the endpoint.
            seconds: how long it may take.
        """
        self._url = url
        self._grant = grant
        self._outbound = outbound
        self._seconds = seconds
        self._token = Token("", {})
        self._until = 0.0
        self._fetching: asyncio.Task[None] | None = None

    async def token(self) -> Token:
        """Return a token that is good for now.

        Raises Retry where the token's endpoint cannot be reached or is busy, Refused where it gives none.
        """
        if time.monotonic() >= self._until:
            if self._fetching is None or self._fetching.done():
                self._fetching = asyncio.create_task(self._fetch())
                self._fetching.add_done_callback(_seen)
            # Who stops waiting, because the call's time is over, does not stop it for the others.
            await asyncio.shield(self._fetching)
        return self._token

    def discard(self, token: Token) -> None:
        """Forget a token that the service did not take; one that was fetched since stays."""
        if token is self._token:
            self._until = 0.0

    async def close(self) -> None:
        """Stop waiting for a token."""
        await end(self._fetching)

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                asked_at = time.monotonic()
                self._token = await self._ask()
        except TimeoutError:
            raise Retry("unreachable", detail=f"The token's endpoint took more than {self._seconds:g} seconds.") from None
        seconds = _seconds(self._token.answer.get("expires_in"))
        self._until = asked_at + seconds - min(_EARLY_SECONDS, seconds / 10)

    async def _ask(self) -> Token:
        grant = self._grant()
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded", **grant.headers}
        body = urlencode(grant.form).encode()
        # No redirects: the secret is for this address.
        asking = self._outbound.request("POST", URL(self._url), headers=headers, body=body, schemes=_SCHEMES, redirects=0)
        async with asking as response:
            if is_busy(response) or response.status >= 500:
                raise Retry("status", retry_after(response), detail=f"The token's endpoint: HTTP {response.status}.")
            return _read(response, await read_at_most(response, _LARGEST_ANSWER_BYTES))


class TokenProof:
    """The token that one call shows; another one where the service did not take it, and no third."""

    def __init__(self, tokens: AccessTokens) -> None:
        self._tokens = tokens
        self._renewed = False
        self.shown = Token("", {})

    async def headers(self) -> dict[str, str]:
        """Return the header with a token that is good for now.

        Raises Retry or Refused where none can be had.
        """
        self.shown = await self._tokens.token()
        return {"Authorization": f"Bearer {self.shown.value}"}

    def renew(self) -> bool:
        """Forget the token that was shown (401), and tell whether another try may end better."""
        again = not self._renewed
        self._renewed = True
        self._tokens.discard(self.shown)
        return again


def _read(response: ClientResponse, content: bytes | None) -> Token:
    answer = object_of(content)
    if response.status != 200:
        error = answer.get("error")
        said = f" {error}" if isinstance(error, str) and error in _ERRORS | _PASSING else ""
        detail = f"The token's endpoint: HTTP {response.status}{said}."
        raise Retry("status", detail=detail) if said[1:] in _PASSING else Refused("status", detail)
    match answer:
        case {"access_token": str(value), "token_type": str(kind)} if kind.lower() == "bearer" and _is_sendable(value):
            return Token(value, answer)
    raise NoToken("unreadable_body", "The token's endpoint: expected a bearer token (RFC 6749, 5.1), found something else.")


def _is_sendable(token: str) -> bool:
    return bool(token) and all("\x21" <= character <= "\x7e" for character in token)


def _seconds(said: Any) -> float:
    """Return how long a token lives; some endpoints write the number as a text."""
    try:
        seconds = float(said)
    except (TypeError, ValueError, OverflowError):
        return WITHOUT_EXPIRY_SECONDS
    return min(seconds, _LONGEST_LIFE_SECONDS) if seconds > 0 else 0.0


def _seen(task: "asyncio.Task[None]") -> None:
    if not task.cancelled():
        task.exception()
