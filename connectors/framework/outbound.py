"""HTTP to the outside: guarded addresses, few redirects, bounded bodies."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from socket import EAI_AGAIN
from ssl import SSLContext
from typing import Final, Self

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver
from yarl import URL

from connectors.framework.addresses import AddressGuard
from connectors.framework.errors import Refused, Retry
from connectors.framework.settings import ConnectorSettings

REDIRECTS: Final = 5
"""Most redirects that are followed."""

Prove = Callable[[str, URL, Mapping[str, str], bytes | None], Awaitable[Mapping[str, str]]]
"""Gives the headers that tell a host who calls, in place of those of the same names, for a method, an address, headers and a body."""

_REDIRECTIONS: Final = frozenset({301, 302, 303, 307, 308})
_KEPT_ACROSS_ORIGINS: Final = frozenset(
    {"accept", "accept-encoding", "content-type", "idempotency-key", "traceparent", "tracestate", "user-agent"}
)
_UNLIMITED: Final = ClientTimeout(total=None, sock_connect=None)
"""The framework limits the whole command, redirects and further tries included."""


class Outbound:
    """A pair of HTTP clients: one whose every connection is guarded, one for the hosts that the configuration trusts."""

    def __init__(self, guard: AddressGuard, tls: SSLContext | None = None, resolver: AbstractResolver | None = None) -> None:
        """Prepare; `tls` replaces the system's certificate authorities, `resolver` its names."""
        self._guard = guard
        self._resolver = resolver
        self._tls = tls or True
        self._guarded: ClientSession | None = None
        self._trusted: ClientSession | None = None

    @classmethod
    def of(cls, settings: ConnectorSettings, trusted: Iterable[str] = ()) -> Self:
        """Return the pair that the settings allow; the hosts of `trusted` addresses, which settings name, may lead wherever they do."""
        hosts = {f"{url.host}:{url.port}" for url in map(URL, trusted)}
        return cls(AddressGuard(settings.allowed_networks, {*settings.allowed_hosts, *hosts}))

    async def open(self) -> None:
        """Make the clients."""
        self._guarded = _session(TCPConnector(socket_factory=self._guard.new_socket, ssl=self._tls, resolver=self._resolver))
        self._trusted = _session(TCPConnector(ssl=self._tls, resolver=self._resolver))

    async def close(self) -> None:
        """Close their connections."""
        for session in (self._guarded, self._trusted):
            if session is not None:
                await session.close()

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: URL,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        schemes: frozenset[str],
        prove: Prove | None = None,
        redirects: int = REDIRECTS,
    ) -> AsyncIterator[ClientResponse]:
        """Send a request, follow redirects and give the response, whose body may then be read.

        Headers of the caller's do not follow a redirect to another origin, except those that say nothing of him; what `prove` gives never
        does, not even where a further redirect leads back.

        Args:
            method: as HTTP has it.
            url: where to; a fragment is not sent.
            headers: the caller's.
            body: what is sent.
            schemes: the schemes that may be called, at the beginning and by redirects.
            prove: tells who calls, for every request within the first origin anew.
            redirects: most redirects that are followed; with 0 a redirect is a response as any other.

        Raises:
            Refused: `address_refused`, `too_many_redirects`, `unreachable` where another try would end the same, `unreadable_body` for
                what is not HTTP.
            Retry: `unreachable`: no connection, or it was lost; the request may have arrived all the same.
        """
        try:
            response = await self._follow(method, url, headers, body, schemes=schemes, prove=prove, redirects=redirects)
            try:
                yield response
            finally:
                response.close()
        except InvalidURL as error:
            raise Refused("address_refused", "The address cannot be read.") from error
        except (ClientConnectorCertificateError, ClientConnectorSSLError) as error:
            raise Refused("unreachable", f"No secure connection: {type(error).__name__}.") from error
        except ClientConnectorDNSError as error:
            if error.os_error.errno == EAI_AGAIN:
                raise Retry("unreachable", detail=f"The name {url.host} cannot be resolved at the moment.") from error
            raise Refused("unreachable", f"There is no host {url.host}.") from error
        except ClientConnectorError as error:
            if isinstance(error.os_error, PermissionError):
                raise Refused("address_refused", "The host leads to an address that is neither public nor allowed.") from error
            raise Retry("unreachable", detail=f"No connection to {url.host}.") from error
        except ClientResponseError as error:
            raise Refused("unreadable_body", "The answer is not HTTP.") from error
        except (ClientError, ConnectionError) as error:
            raise Retry("unreachable", detail=f"The connection to {url.host} was lost.") from error

    async def _follow(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        schemes: frozenset[str],
        prove: Prove | None,
        redirects: int,
    ) -> ClientResponse:
        _check(url, schemes)
        for _ in range(redirects + 1):
            sent = headers if prove is None else _replaced(headers, await prove(method, url, headers, body))
            response = await self._client(url).request(method, url, headers=sent, data=body, allow_redirects=False, timeout=_UNLIMITED)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTIONS or location is None or not redirects:
                return response
            response.close()
            try:
                target = url.join(URL(location))
            except ValueError as error:
                raise Refused("address_refused", "A redirect leads to an address that cannot be read.") from error
            if url.scheme == "https" and target.scheme != "https":
                raise Refused("address_refused", "A redirect leads from https to an address without it.")
            _check(target, schemes)
            if target.origin() != url.origin():
                prove = None
                headers = {name: value for name, value in headers.items() if name.lower() in _KEPT_ACROSS_ORIGINS}
            if response.status == 303 or (response.status in {301, 302} and method == "POST"):  # RFC 9110, 15.4
                method, body = ("HEAD" if method == "HEAD" else "GET"), None
                headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
            url = target
        raise Refused("too_many_redirects", f"More than {redirects} redirects.")

    def _client(self, url: URL) -> ClientSession:
        if self._guarded is None or self._trusted is None:
            raise AssertionError("open() comes before the first request")
        return self._trusted if self._guard.trusts(url) else self._guarded


async def read_at_most(response: ClientResponse, limit: int) -> bytes | None:
    """Return the body, decompressed; None where it has more than `limit` bytes, of which no more than needed is read."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _replaced(headers: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    names = {name.lower() for name in others}
    return {**{name: value for name, value in headers.items() if name.lower() not in names}, **others}


def _check(url: URL, schemes: frozenset[str]) -> None:
    if url.scheme not in schemes or not url.host:
        raise Refused("address_refused", f"Expected an address that begins with {' or '.join(sorted(schemes))}.")


def _session(connector: TCPConnector) -> ClientSession:
    return ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        timeout=_UNLIMITED,
        headers={"User-Agent": "smart-routing", "Accept-Encoding": "identity"},  # a small body may not turn into a large one
    )
