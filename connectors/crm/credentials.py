"""How a CRM is shown who calls."""

from base64 import b64encode
from functools import partial
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.framework.oauth2 import AccessTokens, Grant, TokenProof, client_credentials
from connectors.framework.outbound import Outbound
from connectors.framework.settings import BaseUrl


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


class Fixed:
    """Headers that are the same for every call."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    async def headers(self) -> dict[str, str]:
        """Return them."""
        return self._headers

    def renew(self) -> bool:
        """Tell that another try ends as this one."""
        return False


class Authentication:
    """What the calls of one CRM show of its credential."""

    def __init__(self, credential: Credential | None, outbound: Outbound) -> None:
        self._credential = credential
        self._tokens = (
            AccessTokens(credential.token_url, partial(_grant, credential), outbound) if isinstance(credential, ClientCredentials) else None
        )

    async def close(self) -> None:
        """Stop waiting for a token."""
        if self._tokens is not None:
            await self._tokens.close()

    def proof(self) -> Fixed | TokenProof:
        """Return what one call shows."""
        if self._tokens is not None:
            return TokenProof(self._tokens)
        match self._credential:
            case Basic(username=username, password=password):
                pair = f"{username}:{password.get_secret_value()}"
                return Fixed({"Authorization": f"Basic {b64encode(pair.encode()).decode()}"})
            case Bearer(token=token):
                return Fixed({"Authorization": f"Bearer {token.get_secret_value()}"})
            case ApiKey(header=header, key=key):
                return Fixed({header: key.get_secret_value()})
            case _:
                return Fixed({})


def _grant(credential: ClientCredentials) -> Grant:
    return client_credentials(credential.client_id, credential.client_secret.get_secret_value(), scope=credential.scope, in_form=True)
