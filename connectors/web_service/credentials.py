"""What a web service is shown so that it knows who calls: settings, never a definition's or a command's."""

import base64
import binascii
import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from yarl import URL

_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, 2.1
_SHORTEST_KEY_BYTES: Final = 16


def origin_of(url: URL) -> str:
    """Return scheme, host and port of an address in one way of writing (RFC 6454)."""
    return f"{url.scheme}://{(url.host_subcomponent or '').lower()}:{url.port}"


def _origin(text: str) -> str:
    try:
        url = URL(text)
        if url.scheme in {"http", "https"} and url.host and not url.user and str(url.relative()) in {"", "/"}:
            return origin_of(url)
    except ValueError:
        pass
    raise ValueError("expected an origin, such as https://api.example.org")


def _http_url(text: str) -> str:
    try:
        url = URL(text)
        if url.scheme in {"http", "https"} and url.host and not url.user and not url.fragment:
            return text
    except ValueError:
        pass
    raise ValueError("expected an address that begins with https:// or http://, without user or fragment")


def _bearer(secret: SecretStr) -> SecretStr:
    if not _BEARER.fullmatch(secret.get_secret_value()):
        raise ValueError("expected a token of letters, digits and ._~+/- (RFC 6750, 2.1)")
    return secret


def _visible(secret: SecretStr) -> SecretStr:
    if not _VISIBLE.fullmatch(secret.get_secret_value()):
        raise ValueError("expected visible ASCII characters")
    return secret


def _one_line(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value() or _CONTROL.search(secret.get_secret_value()):
        raise ValueError("expected a secret without control characters")
    return secret


def _user(name: str) -> str:
    if ":" in name or _CONTROL.search(name):
        raise ValueError("expected a name without colon and control characters (RFC 7617, 2)")
    return name


def _key_id(name: str) -> str:
    if not _VISIBLE.fullmatch(name) or '"' in name or "\\" in name:
        raise ValueError("expected visible ASCII characters without quote and backslash")
    return name


Origin = Annotated[str, AfterValidator(_origin)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
Secret = Annotated[SecretStr, AfterValidator(_one_line)]


class _Credential(BaseModel):
    """What all have. It is sent to the origins named here and to no other, whatever address a definition gives its service."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    origins: tuple[Origin, ...] = Field(min_length=1)

    def is_for(self, url: URL) -> bool:
        """Whether it may be sent to an address."""
        return origin_of(url) in self.origins


class Basic(_Credential):
    """User and password (RFC 7617)."""

    type: Literal["basic"]
    username: Annotated[str, AfterValidator(_user)]
    password: Secret


class Bearer(_Credential):
    """A token that somebody made (RFC 6750)."""

    type: Literal["bearer"]
    token: Annotated[SecretStr, AfterValidator(_bearer)]


class ApiKey(_Credential):
    """A key in a header of the service's own."""

    type: Literal["api_key"]
    header: str = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    key: Annotated[SecretStr, AfterValidator(_visible)]


class OAuth2ClientCredentials(_Credential):
    """Tokens that the connector asks for (RFC 6749, 4.4)."""

    type: Literal["oauth2_client_credentials"]
    token_url: HttpUrl
    client_id: str = Field(min_length=1)
    client_secret: Secret
    scope: str | None = None
    audience: str | None = None
    authentication: Literal["client_secret_basic", "client_secret_post"] = "client_secret_basic"


class Hmac(_Credential):
    """A signature with a shared key: HTTP Message Signatures (RFC 9421) with hmac-sha256."""

    type: Literal["hmac"]
    key_id: Annotated[str, AfterValidator(_key_id)]
    secret: Secret
    encoding: Literal["text", "base64"] = "text"

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if len(self.key()) < _SHORTEST_KEY_BYTES:
            raise ValueError(f"secret: expected a key of at least {_SHORTEST_KEY_BYTES} bytes")
        return self

    def key(self) -> bytes:
        """Return the key's bytes.

        Raises ValueError where they are not as its encoding says.
        """
        text = self.secret.get_secret_value()
        if self.encoding == "text":
            return text.encode()
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            raise ValueError("secret: expected base64") from None


Credential = Annotated[Basic | Bearer | ApiKey | OAuth2ClientCredentials | Hmac, Field(discriminator="type")]
