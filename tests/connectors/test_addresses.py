"""Which addresses connectors may call."""

import socket
from ipaddress import ip_address, ip_network

import pytest
from yarl import URL

from connectors.framework.addresses import AddressGuard, AddressRefused, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "192.0.0.192",
        "168.63.129.16", "198.18.0.1", "192.0.2.1", "192.88.99.1", "224.0.0.1", "224.0.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1", "2001::1", "4000::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_of_the_public_internet_is_refused(address):
    assert not is_public(ip_address(address))
    assert not AddressGuard().allows(ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"]
)
def test_a_public_address_is_allowed(address):
    assert AddressGuard().allows(ip_address(address))


@pytest.mark.parametrize(
    ("address", "allowed"), [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("10.2.0.1", False), ("127.0.0.1", False), ("fd00::5", True)]
)
def test_configured_networks_are_allowed_and_no_others(address, allowed):
    guard = AddressGuard([ip_network("10.1.0.0/16"), ip_network("fd00::/64")])
    assert guard.allows(ip_address(address)) is allowed


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("http://orders.internal/", True),
        ("https://ORDERS.internal:99/", True),
        ("http://bills:81/", True),
        ("http://bills/", False),
        ("http://a.orders.internal/", False),
    ],
)
def test_configured_hosts_are_trusted_by_name_or_name_and_port(url, trusted):
    assert AddressGuard(hosts=["Orders.internal", "bills:81"]).trusts(URL(url)) is trusted


def test_the_refusal_comes_when_the_socket_is_made():
    guard = AddressGuard()
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.1 is neither public nor allowed"):
        guard.new_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))
    with pytest.raises(AddressRefused):
        guard.new_socket((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%lo", 80, 0, 1)))
    guard.new_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 80))).close()
