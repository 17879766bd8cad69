"""Which addresses connectors may call: public ones, and what the configuration allows."""

import errno
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

from yarl import URL

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")  # RFC 4291, 2.4
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address stands in the last four bytes
_PLATFORMS: Final = (
    IPv4Network("168.63.129.16/32"),  # Azure's platform services, a public address inside its networks only
    IPv4Network("192.0.0.0/24"),  # RFC 6890 special purposes; Oracle's cloud answers with metadata here
    IPv4Network("192.88.99.0/24"),  # RFC 7526: relays to 6to4, abandoned
)


class AddressRefused(PermissionError):
    """A connection to an address that is neither public nor allowed."""

    def __init__(self, address: str) -> None:
        super().__init__(errno.EACCES, f"{address} is neither public nor allowed")


def is_public(address: Address) -> bool:
    """Whether an address is one of the public Internet.

    It is not where it is private, loopback, link-local (metadata services are there), multicast or reserved, or an IPv6 form of such an
    IPv4 address.
    """
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not any(address in network for network in _PLATFORMS)
    inner = _inner_ipv4(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and address in _GLOBAL_UNICAST


def _inner_ipv4(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour


class AddressGuard:
    """Refuses connections at the moment they are made, when the address is known: a name that resolves anew each time gains nothing."""

    def __init__(self, networks: Iterable[Network] = (), hosts: Iterable[str] = ()) -> None:
        self._networks = tuple(networks)
        self._hosts = frozenset(host.lower() for host in hosts)

    def trusts(self, url: URL) -> bool:
        """Whether the configuration names this host, wherever it leads."""
        host = (url.host or "").lower()
        return host in self._hosts or f"{host}:{url.port}" in self._hosts

    def allows(self, address: Address) -> bool:
        """Whether an address is public or in an allowed network."""
        seen = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
        return is_public(address) or any(seen in network for network in self._networks)

    def new_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """Make the socket for a resolved address, as an HTTP client's `socket_factory`.

        Raises AddressRefused.
        """
        family, kind, protocol, _, (host, *_) = info
        if not self.allows(ip_address(host.partition("%")[0])):
            raise AddressRefused(host)
        return socket.socket(family, kind, protocol)
