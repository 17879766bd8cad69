"""Shows services who calls."""

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Mapping
from functools import partial

from typing_extensions import override
from yarl import URL

from connectors.framework.errors import Refused
from connectors.framework.oauth2 import AccessTokens, Grant, TokenProof, client_credentials
from connectors.framework.outbound import Outbound
from connectors.web_service.credentials import ApiKey, Basic, Bearer, Credential, Hmac, OAuth2ClientCredentials
from connectors.web_service.signature import RequestSigner


class Proof(ABC):
    """What one call shows of a credential."""

    @abstractmethod
    async def headers(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> Mapping[str, str]:
        """Return the headers of a request, in place of those of the same names; asked again for every redirect within the origin.

        Raises Retry or Refused where the credential cannot be had.
        """

    def renew(self) -> bool:
        """Tell whether another try may end better, where the service did not believe us (401)."""
        return False


class _Fixed(Proof):
    def __init__(self, name: str, value: str) -> None:
        self._headers = {name: value}

    @override
    async def headers(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> Mapping[str, str]:
        return self._headers


class _Signed(Proof):
    def __init__(self, signer: RequestSigner) -> None:
        self._signer = signer

    @override
    async def headers(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> Mapping[str, str]:
        return self._signer.headers(method, url, headers, body)


class _Token(Proof):
    def __init__(self, tokens: AccessTokens) -> None:
        self._proof = TokenProof(tokens)

    @override
    async def headers(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> Mapping[str, str]:
        return await self._proof.headers()

    @override
    def renew(self) -> bool:
        return self._proof.renew()


class Authentication:
    """The credentials of all services."""

    def __init__(self, credentials: Mapping[str, Credential], outbound: Outbound) -> None:
        self._credentials = credentials
        self._tokens = {
            service: AccessTokens(credential.token_url, partial(_grant, credential), outbound)
            for service, credential in credentials.items()
            if isinstance(credential, OAuth2ClientCredentials)
        }

    async def close(self) -> None:
        """Give back what is held."""
        for tokens in self._tokens.values():
            await tokens.close()

    def proof(self, service: str, url: URL) -> Proof | None:
        """Return what a call shows; None where the service has no credential.

        Raises Refused where it has one that is not for this address: a definition that was changed must not carry it away.
        """
        credential = self._credentials.get(service)
        if credential is None:
            return None
        if not credential.is_for(url):
            raise Refused("address_refused", f"The credential of {service} is for {', '.join(credential.origins)} and for no other origin.")
        match credential:
            case Basic(username=username, password=password):
                pair = f"{username}:{password.get_secret_value()}"
                return _Fixed("Authorization", f"Basic {b64encode(pair.encode()).decode()}")
            case Bearer(token=token):
                return _Fixed("Authorization", f"Bearer {token.get_secret_value()}")
            case ApiKey(header=header, key=key):
                return _Fixed(header, key.get_secret_value())
            case Hmac():
                return _Signed(RequestSigner(credential))
            case OAuth2ClientCredentials():
                return _Token(self._tokens[service])


def _grant(credential: OAuth2ClientCredentials) -> Grant:
    return client_credentials(
        credential.client_id,
        credential.client_secret.get_secret_value(),
        scope=credential.scope,
        audience=credential.audience,
        in_form=credential.authentication == "client_secret_post",
    )
