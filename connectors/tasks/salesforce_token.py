"""Access tokens of Salesforce, by OAuth 2.0.

Sources: Salesforce Help, "OAuth 2.0 Client Credentials Flow for Server-to-Server Integration" and "OAuth 2.0 JWT Bearer Flow for
Server-to-Server Integration"; RFC 6749, 4.4 and 5; RFC 7523.
"""

import json
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from yarl import URL

from connectors.framework.errors import Refused, Retry
from connectors.framework.outbound import Outbound, read_at_most
from connectors.tasks.settings import Salesforce

_PATH: Final = "/services/oauth2/token"
_LARGEST_ANSWER_BYTES: Final = 65_536
_ASSERTION_SECONDS: Final = 180
"""How long an assertion is good; Salesforce takes none that is for longer than five minutes."""

_PASSING: Final = frozenset({"rate_limit_exceeded", "server_error", "temporarily_unavailable", "unknown_error"})


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and where it is to be used; its fields are left out of what is printed."""

    value: str
    instance_url: str

    def __repr__(self) -> str:
        return "Token(…)"


async def new_token(settings: Salesforce, outbound: Outbound) -> Token:
    """Ask for a token.

    Raises:
        Refused: `refused`: Salesforce gives us none, or the private key cannot be used.
        Retry: `unreachable`.
    """
    url = URL(f"{settings.url}{_PATH}")
    body = urlencode(_grant(settings)).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    async with outbound.request("POST", url, headers=headers, body=body, schemes=frozenset({url.scheme})) as response:
        content = await read_at_most(response, _LARGEST_ANSWER_BYTES)
        status = response.status
    answer = _json_object(content)
    if status >= 500 or status == 429:
        raise Retry("unreachable", detail=f"Salesforce gives no token at the moment: HTTP {status}.")
    if status != 200:
        # RFC 6749, 5.2; the description is for people and may name a user.
        error = str(answer.get("error", ""))
        if error in _PASSING:
            raise Retry("unreachable", detail=f"Salesforce gives no token at the moment: {error}.")
        raise Refused("refused", f"Salesforce gives no token: HTTP {status} {error[:60]}.")
    value, instance = answer.get("access_token"), answer.get("instance_url", settings.url)
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value or not _fits(instance, url.scheme):
        raise Retry("unreachable", detail="Salesforce's answer holds no token.")
    return Token(value, instance.rstrip("/"))


def _grant(settings: Salesforce) -> dict[str, str]:
    if settings.client_secret is not None:
        secret = settings.client_secret.get_secret_value()
        return {"grant_type": "client_credentials", "client_id": settings.client_id, "client_secret": secret}
    if settings.private_key is None:
        raise AssertionError("the settings have one of both")
    claims = {
        "iss": settings.client_id,
        "sub": settings.username,
        "aud": settings.audience,
        "exp": int(time.time()) + _ASSERTION_SECONDS,
    }
    try:
        key = RSAKey.import_key(settings.private_key.get_secret_value())
        assertion = jwt.encode({"alg": "RS256"}, claims, key)
    except (JoseError, ValueError) as error:
        raise Refused("refused", "The private key for Salesforce is no RSA key in PEM.") from error
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}


def _json_object(content: bytes | None) -> dict[str, Any]:
    try:
        answer = json.loads(content or b"")
    except ValueError:  # bytes that are no UTF-8 as well
        return {}
    return answer if isinstance(answer, dict) else {}


def _fits(instance: Any, scheme: str) -> bool:
    try:
        return isinstance(instance, str) and URL(instance).scheme == scheme
    except ValueError:
        return False
