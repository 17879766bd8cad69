"""How a CRM is shown who calls."""

import json
import time
from base64 import b64encode
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from yarl import URL

from connectors.framework.errors import Refused, Retry
from connectors.framework.outbound import Outbound, read_at_most
from connectors.framework.settings import BaseUrl

_LARGEST_ANSWER_BYTES: Final = 65_536
_EARLY_SECONDS: Final = 30.0
_WITHOUT_EXPIRY_SECONDS: Final = 300.0
_SCHEMES: Final = frozenset({"http", "https"})


class _Credential(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Basic(_Credential):
    """Name and password (RFC 7617)."""

    kind: Literal["basic"]
    username: str
    password: SecretStr


class Bearer(_Credential):
    """A token that does not expire (RFC 6750), such as that of a private app."""

    kind: Literal["bearer"]
    token: SecretStr


class ApiKey(_Credential):
    """A key in a header of the CRM's own."""

    kind: Literal["api_key"]
    header: str = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    key: SecretStr


class ClientCredentials(_Credential):
    """Tokens of the OAuth 2 client credentials grant (RFC 6749, 4.4)."""

    kind: Literal["oauth2_client_credentials"]
    token_url: BaseUrl
    client_id: str
    client_secret: SecretStr
    scope: str | None = None


Credential = Annotated[Basic | Bearer | ApiKey | ClientCredentials, Field(discriminator="kind")]


class Authentication:
    """The headers that one credential gives."""

    def __init__(self, credential: Credential | None, outbound: Outbound) -> None:
        self._credential = credential
        self._outbound = outbound
        self._token = ""
        self._until = 0.0

    async def headers(self) -> dict[str, str]:
        """Return them. Raises Retry or Refused where a token cannot be had."""
        match self._credential:
            case None:
                return {}
            case Basic(username=username, password=password):
                pair = f"{username}:{password.get_secret_value()}"
                return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
            case Bearer(token=token):
                return {"Authorization": f"Bearer {token.get_secret_value()}"}
            case ApiKey(header=header, key=key):
                return {header: key.get_secret_value()}
            case ClientCredentials() as credential:
                if time.monotonic() >= self._until:
                    await self._fetch(credential)
                return {"Authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        """Tell whether another try may be believed, where this one was not: with a token that is fetched anew."""
        self._until = 0.0
        return isinstance(self._credential, ClientCredentials)

    async def _fetch(self, credential: ClientCredentials) -> None:
        secret = credential.client_secret.get_secret_value()
        form = {"grant_type": "client_credentials", "client_id": credential.client_id, "client_secret": secret, "scope": credential.scope}
        body = urlencode({name: value for name, value in form.items() if value is not None}).encode()
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        asked_at = time.monotonic()
        # No redirects: the secret is for this address.
        asking = self._outbound.request("POST", URL(credential.token_url), headers=headers, body=body, schemes=_SCHEMES, redirects=0)
        async with asking as response:
            content = await read_at_most(response, _LARGEST_ANSWER_BYTES)
            if response.status == 429 or response.status >= 500:
                raise Retry("unreachable", detail=f"The token's endpoint: HTTP {response.status}.")
        try:
            answer = json.loads(content or b"")
            token, seconds = str(answer["access_token"]), float(answer.get("expires_in", _WITHOUT_EXPIRY_SECONDS))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Refused("refused", f"The token's endpoint gave no token: HTTP {response.status}.") from error
        if not token or not all("\x21" <= character <= "\x7e" for character in token):
            raise Refused("refused", "The token's endpoint gave a token that cannot be sent.")
        self._token, self._until = token, asked_at + seconds - min(_EARLY_SECONDS, seconds / 10)
