"""Whether an address holds an image."""

import ssl
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web

from connectors.framework.addresses import AddressGuard
from connectors.framework.errors import Refused, Retry
from connectors.framework.outbound import Outbound
from connectors.messaging.image import image_type, mime_type_of
from tests.connectors.local_http import serving

CERTIFICATE = Path(__file__).parent / "tls" / "localhost.pem"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 2_000


@asynccontextmanager
async def outbound(*networks):
    made = Outbound(AddressGuard(map(ip_network, networks)), ssl.create_default_context(cafile=CERTIFICATE))
    await made.open()
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def https(handler):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    async with serving(handler, ssl_context=context) as port:
        yield f"https://127.0.0.1:{port}"


async def look(address, *networks):
    async with outbound(*networks or ("127.0.0.1/32",)) as client:
        try:
            return await mime_type_of(client, address)
        except (Refused, Retry) as error:
            return type(error).__name__, error.reason


def answering(body, content_type, *, head=None, status=200):
    async def handle(request):
        if request.method == "HEAD" and head is not None:
            return web.Response(status=head, content_type="text/html")
        return web.Response(body=body, content_type=content_type, status=status)

    return handle


async def test_an_image_is_told_by_its_first_bytes_and_only_they_are_asked_for():
    asked = []

    async def handle(request):
        asked.append((request.method, request.headers.get("Range")))
        return web.Response(body=PNG, content_type="image/jpeg")

    async with https(handle) as base:
        assert await look(f"{base}/a.png") == "image/png"
    assert asked == [("HEAD", None), ("GET", "bytes=0-511")]


@pytest.mark.parametrize("head", [403, 404, 405, 501])
async def test_a_server_that_knows_no_head_is_asked_with_get(head):
    async with https(answering(PNG, "image/png", head=head)) as base:
        assert await look(base) == "image/png"


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        (answering(b"<html>", "text/html"), ("Refused", "not_an_image")),
        (answering(b"<html>", "image/png"), ("Refused", "unreadable_body")),
        (answering(b"", "image/png"), ("Refused", "unreadable_body")),
        (answering(PNG, "image/png", status=404), ("Refused", "status")),
        (answering(PNG, "image/png", status=500), ("Retry", "status")),
        (answering(PNG, "image/png", status=429), ("Retry", "status")),
    ],
)
async def test_what_is_no_image_is_refused_and_a_server_in_trouble_asked_again(handler, result):
    async with https(handler) as base:
        assert await look(base) == result


async def test_private_addresses_and_http_are_refused():
    async with https(answering(PNG, "image/png")) as base:
        assert await look(base, "10.0.0.0/8") == ("Refused", "address_refused")
    async with serving(answering(PNG, "image/png")) as port:
        assert await look(f"http://127.0.0.1:{port}/") == ("Refused", "address_refused")
    assert await look("https://[/") == ("Refused", "address_refused")
    assert await look("no address") == ("Refused", "address_refused")


async def test_a_redirect_from_https_to_http_is_refused():
    async with serving(answering(PNG, "image/png")) as port:

        async def away(_request):
            raise web.HTTPFound(f"http://127.0.0.1:{port}/")

        async with https(away) as base:
            assert await look(base) == ("Refused", "address_refused")


async def test_a_certificate_that_nobody_vouches_for_is_no_secure_connection():
    async with https(answering(PNG, "image/png")) as base:
        client = Outbound(AddressGuard([ip_network("127.0.0.1/32")]))
        await client.open()
        try:
            with pytest.raises(Refused, match="unreachable: No secure connection"):
                await mime_type_of(client, base)
        finally:
            await client.close()


@pytest.mark.parametrize(
    ("first", "declared", "found"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg", "image/jpeg"),
        (b"GIF89a...", "image/gif", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "image/webp", None),
        (b"\x00\x00\x00\x20ftypavif", "image/avif", "image/avif"),
        (b"\x00\x00\x00\x20ftypisom", "image/avif", None),
        (b"BM....", "image/bmp", "image/bmp"),
        (b"\xef\xbb\xbf <svg xmlns=", "image/svg+xml", "image/svg+xml"),
        (b"<svg xmlns=", "image/png", None),
        (b"%PDF-1.7", "image/png", None),
    ],
)
def test_first_bytes_tell_the_type(first, declared, found):
    assert image_type(first, declared) == found
