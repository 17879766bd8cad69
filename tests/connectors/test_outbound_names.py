"""Names whose addresses change between one look and the next, and redirects that lead inside."""

import socket
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from yarl import URL

from connectors.framework.addresses import AddressGuard
from connectors.framework.errors import Refused, Retry
from connectors.framework.outbound import REDIRECTS, Outbound
from tests.connectors.local_http import serving

METADATA = ("169.254.169.254", "fd00:ec2::254", "168.63.129.16", "192.0.0.192", "100.100.100.200")
PRIVATE = (
    "127.0.0.2",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",
    "::1",
    "fe80::1",
    "::ffff:127.0.0.2",
    "64:ff9b::a00:1",
)


class ChangingNames(AbstractResolver):
    """A name server of an attacker's: each look at a name gives the next of its answers, the last one for ever."""

    def __init__(self, **answers):
        self._answers = {f"{name}.example": list(addresses) for name, addresses in answers.items()}
        self.asked = []

    async def resolve(self, host, port=0, family=socket.AF_INET):
        self.asked.append(host)
        answers = self._answers[host]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            {
                "hostname": host, "host": address, "port": port, "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": socket.IPPROTO_TCP, "flags": socket.AI_NUMERICHOST,
            }
            for address in ([addresses] if isinstance(addresses, str) else addresses)
        ]  # fmt: skip

    async def close(self):
        pass


@asynccontextmanager
async def outbound(names=None, hosts=()):
    made = Outbound(AddressGuard([ip_network("127.0.0.1/32")], hosts), resolver=names)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def get(client, url):
    try:
        async with client.request("GET", URL(url), headers={}, schemes=frozenset({"http", "https"})) as response:
            return response.status
    except (Refused, Retry) as error:
        return error.reason


@asynccontextmanager
async def inside_and_outside(answer):
    """The same port on the address that may be called, and on the one that may not."""
    reached = []

    async def inside(request):
        reached.append(str(request.url))
        return web.Response(text="inside")

    async with serving(answer) as port:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", inside)
        runner = web.AppRunner(application, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.2", port).start()
        try:
            yield port, reached
        finally:
            await runner.cleanup()


async def closing(_request):
    return web.Response(headers={"Connection": "close"})


async def test_a_name_that_leads_elsewhere_at_the_next_look_is_refused_when_it_does():
    names = ChangingNames(rebind=["127.0.0.1", "127.0.0.2"])
    async with inside_and_outside(closing) as (port, reached), outbound(names) as client:
        client._guarded.connector._use_dns_cache = False  # as if the time to live were over
        assert await get(client, f"http://rebind.example:{port}/") == 200
        assert await get(client, f"http://rebind.example:{port}/") == "address_refused"
    assert names.asked == ["rebind.example"] * 2
    assert not reached


async def test_what_was_resolved_is_what_is_called_nobody_looks_twice():
    names = ChangingNames(rebind=["127.0.0.1", "127.0.0.2"])
    async with inside_and_outside(closing) as (port, reached), outbound(names) as client:
        assert await get(client, f"http://rebind.example:{port}/") == 200
    assert names.asked == ["rebind.example"]
    assert not reached


async def test_of_several_addresses_the_private_ones_are_not_tried():
    async with inside_and_outside(closing) as (port, reached), outbound(ChangingNames(both=[["127.0.0.2", "127.0.0.1"]])) as client:
        assert await get(client, f"http://both.example:{port}/") in {200, "address_refused"}
    assert not reached


@pytest.mark.parametrize("address", [*METADATA, *PRIVATE])
async def test_a_name_of_a_private_or_metadata_address_is_refused(address):

    async with outbound(ChangingNames(inside=[address])) as client:
        assert await get(client, "http://inside.example/latest/meta-data/") == "address_refused"


@pytest.mark.parametrize("hops", range(REDIRECTS))
@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://inside.example/"])
async def test_a_redirect_to_a_metadata_address_is_refused_whichever_it_is(hops, target):
    async def answer(request):
        left = int(request.match_info["path"])
        raise web.HTTPFound(f"/{left - 1}" if left else target)

    names = ChangingNames(start=["127.0.0.1"], inside=["169.254.169.254"])
    async with serving(answer) as port, outbound(names) as client:
        assert await get(client, f"http://start.example:{port}/{hops}") == "address_refused"


@pytest.mark.parametrize("hops", range(1, REDIRECTS))
async def test_a_name_that_changes_its_answer_in_the_middle_of_redirects_is_refused(hops):
    async def answer(request):
        left = int(request.match_info["path"])
        if not left:
            return web.Response()
        return web.Response(status=302, headers={"Location": f"/{left - 1}", "Connection": "close"})

    names = ChangingNames(rebind=[*["127.0.0.1"] * hops, "127.0.0.2"])
    async with inside_and_outside(answer) as (port, reached), outbound(names) as client:
        client._guarded.connector._use_dns_cache = False
        assert await get(client, f"http://rebind.example:{port}/{REDIRECTS}") == "address_refused"
    assert names.asked == ["rebind.example"] * (hops + 1)
    assert not reached


async def test_trust_in_one_host_is_none_in_where_it_redirects_to():
    async with inside_and_outside(closing) as (port, reached):

        async def answer(_request):
            raise web.HTTPFound(f"http://127.0.0.2:{port}/")

        async with serving(answer, host="127.0.0.3") as trusted, outbound(hosts=[f"127.0.0.3:{trusted}"]) as client:
            assert await get(client, f"http://127.0.0.3:{trusted}/") == "address_refused"
    assert not reached
