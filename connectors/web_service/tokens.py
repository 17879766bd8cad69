"""Access tokens of the OAuth 2 client credentials grant (RFC 6749, 4.4)."""

import asyncio
import json
import time
from base64 import b64encode
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from aiohttp import ClientResponse
from yarl import URL

from connectors.framework.ending import end
from connectors.framework.errors import Refused, Retry
from connectors.framework.outbound import Outbound, read_at_most
from connectors.web_service.busy import is_busy, retry_after
from connectors.web_service.credentials import OAuth2ClientCredentials

WITHOUT_EXPIRY_SECONDS: Final = 300.0
"""How long a token is used whose answer does not say for how long (RFC 6749, 5.1, recommends it to)."""

_LARGEST_ANSWER_BYTES: Final = 65_536
_LONGEST_FETCH_SECONDS: Final = 30.0
_EARLY_SECONDS: Final = 30.0
_LONGEST_LIFE_SECONDS: Final = 366 * 24 * 3_600.0
_SCHEMES: Final = frozenset({"http", "https"})


class AccessTokens:
    """The token of one credential: fetched once for all who wait for it, kept until shortly before it expires."""

    def __init__(self, credential: OAuth2ClientCredentials, outbound: Outbound) -> None:
        self._credential = credential
        self._outbound = outbound
        self._token = ""
        self._until = 0.0
        self._fetching: asyncio.Task[None] | None = None

    async def token(self) -> str:
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

    def discard(self, token: str) -> None:
        """Forget a token that the service did not take; one that was fetched since stays."""
        if token == self._token:
            self._until = 0.0

    async def close(self) -> None:
        """Stop waiting for a token."""
        await end(self._fetching)

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(_LONGEST_FETCH_SECONDS):
                asked_at = time.monotonic()
                self._token, seconds = await self._ask()
        except TimeoutError:
            raise Retry("unreachable", detail=f"The token's endpoint took more than {_LONGEST_FETCH_SECONDS:.0f} seconds.") from None
        self._until = asked_at + seconds - min(_EARLY_SECONDS, seconds / 10)

    async def _ask(self) -> tuple[str, float]:
        credential = self._credential
        form = {"grant_type": "client_credentials", "scope": credential.scope, "audience": credential.audience}
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        secret = credential.client_secret.get_secret_value()
        if credential.authentication == "client_secret_post":
            form |= {"client_id": credential.client_id, "client_secret": secret}
        else:
            # RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
            pair = f"{quote_plus(credential.client_id)}:{quote_plus(secret)}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        body = urlencode({name: value for name, value in form.items() if value is not None}).encode()
        # No redirects: the secret is for this address.
        asking = self._outbound.request("POST", URL(credential.token_url), headers=headers, body=body, schemes=_SCHEMES, redirects=0)
        async with asking as response:
            if is_busy(response) or response.status >= 500:
                raise Retry("status", retry_after(response), detail=f"The token's endpoint: HTTP {response.status}.")
            content = await read_at_most(response, _LARGEST_ANSWER_BYTES)
            return _read(response, content)


def _read(response: ClientResponse, content: bytes | None) -> tuple[str, float]:
    try:
        answer: Any = json.loads(content or b"")
    except (ValueError, RecursionError):
        answer = None
    if response.status != 200:
        known = answer.get("error") if isinstance(answer, dict) else None
        said = f" {known}" if known in _ERRORS else ""
        raise Refused("status", f"The token's endpoint: HTTP {response.status}{said}.")
    match answer:
        case {"access_token": str(token), "token_type": str(kind)} if kind.lower() == "bearer" and _is_sendable(token):
            return token, _seconds(answer.get("expires_in"))
    raise Refused("unreadable_body", "The token's endpoint: expected a bearer token (RFC 6749, 5.1), found something else.")


_ERRORS: Final = frozenset(  # RFC 6749, 5.2; what else an endpoint may say is not repeated
    {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}
)


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
