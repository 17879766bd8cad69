"""The web service connector against real HTTP servers."""

import asyncio
import gzip
import time
from contextlib import asynccontextmanager
from email.utils import formatdate
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import web

from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry
from connectors.framework.outcome import Outcome
from connectors.framework.settings import ConnectorSettings
from connectors.web_service.connector import LARGEST_BODY_BYTES, WebServiceConnector
from schemas.deployment import Deployment
from tests.connectors.command_bench import QUICK, around, in_seconds, running
from tests.connectors.local_http import serving, speaking

NUMBER = {"name": "number", "language": "jsonpath", "path": "$.number", "type": "number"}
ALLOWED = QUICK.model_copy(update={"allowed_networks": (ip_network("127.0.0.1/32"),)})


def call(url, method="GET", *, outputs=(NUMBER,), inputs=(), headers=None, timeout_ms=5_000):
    return {
        "service": "orders",
        "method": method,
        "url": url,
        "headers": headers or {},
        "body_format": "json",
        "body_root": "request",
        "inputs": list(inputs),
        "outputs": list(outputs),
        "timeout_ms": timeout_ms,
    }


@asynccontextmanager
async def connector(settings=ALLOWED):
    made = WebServiceConnector(around(Deployment(), settings))
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def do(body, settings=ALLOWED, trace=()):
    """Execute one call without the framework: what it gives or raises."""
    context = Context("c1-1-1", "c1", None, {}, trace)
    async with connector(settings) as made, asyncio.timeout(20):
        try:
            return await made.call_web_service(body, context)
        except (Refused, Retry) as error:
            return error


def reason(result):
    assert not isinstance(result, Outcome), result
    return type(result).__name__, result.reason


async def test_the_service_sees_the_request_and_the_results_are_read():
    seen: dict[str, Any] = {}

    async def handle(request):
        seen.update(method=request.method, url=str(request.rel_url), headers=dict(request.headers), body=await request.json())
        return web.json_response({"number": 7})

    inputs = [
        {"name": "id", "place": "path", "type": "text", "value": "a/b"},
        {"name": "q", "place": "query", "type": "text", "value": "x&y"},
        {"name": "amount", "place": "body", "type": "number", "value": "1.50"},
    ]
    async with serving(handle) as port:
        body = call(f"http://127.0.0.1:{port}/orders/{{id}}", "POST", inputs=inputs, headers={"X-Fixed": "1"})
        result = await do(body, trace=(("traceparent", b"00-1-2-01"),))
    assert result.values == {"number": "7"}
    assert (seen["method"], seen["url"], seen["body"]) == ("POST", "/orders/a%2Fb?q=x%26y", {"amount": 1.5})
    assert {"Idempotency-Key": "c1-1-1", "X-Fixed": "1", "traceparent": "00-1-2-01", "Accept": "application/json"}.items() <= seen[
        "headers"
    ].items()


@pytest.mark.parametrize("status", [300, 304, 400, 404, 500, 502])
async def test_a_status_other_than_success_is_not_ok(status):
    async def handle(_request):
        return web.Response(status=status, text='{"number": 7}' if status != 304 else None)

    async with serving(handle) as port:
        assert reason(await do(call(f"http://127.0.0.1:{port}/"))) == ("Refused", "status")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "after"),
    [("7", 7.0), (None, None), ("soon", None), ("-3", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("9" * 400, 999_999_999.0)],
)
async def test_a_busy_service_is_asked_again_when_it_says(status, header, after):
    async def handle(_request):
        return web.Response(status=status, headers={"Retry-After": header} if header else {})

    async with serving(handle) as port:
        result = await do(call(f"http://127.0.0.1:{port}/"))
    assert reason(result) == ("Retry", "status")
    assert result.after == after


async def test_a_date_in_the_future_is_so_many_seconds_away():
    async def handle(_request):
        return web.Response(status=503, headers={"Retry-After": formatdate(time.time() + 100, usegmt=True)})

    async with serving(handle) as port:
        assert 90 < (await do(call(f"http://127.0.0.1:{port}/"))).after <= 100


async def test_nobody_there_is_worth_another_try():
    async with speaking(None) as port:
        pass
    assert reason(await do(call(f"http://127.0.0.1:{port}/"))) == ("Retry", "unreachable")


async def test_a_connection_that_is_lost_before_or_within_the_answer_is_worth_another_try():
    async def hang_up(reader, writer):
        await reader.readuntil(b"\r\n\r\n")

    async def hang_up_within(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"num')
        await writer.drain()

    for answer in (hang_up, hang_up_within):
        async with speaking(answer) as port:
            assert reason(await do(call(f"http://127.0.0.1:{port}/"))) == ("Retry", "unreachable")


@pytest.mark.parametrize(
    "garbage", [b"\x00\xff\x00 hello\r\n\r\n", b"HTTP/1.1 twohundred OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]
)
async def test_an_answer_that_is_not_http_is_unreadable(garbage):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(garbage)
        await writer.drain()

    async with speaking(answer) as port:
        assert reason(await do(call(f"http://127.0.0.1:{port}/"))) == ("Refused", "unreadable_body")


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"\x00" * 1_000, b"null"])
async def test_a_body_that_is_not_what_was_declared_is_not_ok(body):
    async def handle(_request):
        return web.Response(body=body)

    async with serving(handle) as port:
        result = await do(call(f"http://127.0.0.1:{port}/"))
    assert reason(result) == ("Refused", "missing_output" if body == b"null" else "unreadable_body")


async def test_a_huge_body_is_refused_without_being_read_whole():
    written = 0

    async def answer(reader, writer):
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while written < 1_000_000_000:
            writer.write(b" " * 100_000)
            await writer.drain()
            written += 100_000

    async with speaking(answer) as port:
        assert reason(await do(call(f"http://127.0.0.1:{port}/"))) == ("Refused", "too_large")
    assert written < 100_000_000


async def test_a_small_body_that_unpacks_to_a_huge_one_is_refused():
    bomb = gzip.compress(b" " * 100_000_000)

    async def handle(_request):
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    assert len(bomb) < LARGEST_BODY_BYTES
    async with serving(handle) as port:
        assert reason(await do(call(f"http://127.0.0.1:{port}/"))) == ("Refused", "too_large")


async def test_without_results_the_body_does_not_matter():
    async def handle(_request):
        return web.Response(body=b"anything")

    async with serving(handle) as port:
        assert (await do(call(f"http://127.0.0.1:{port}/", outputs=()))).outcome == "ok"


async def test_private_addresses_are_refused_however_they_are_written():
    reached = []

    async def handle(request):
        reached.append(str(request.url))
        return web.json_response({"number": 7})

    async with serving(handle, host="0.0.0.0") as port:
        hosts = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0", "[::ffff:127.0.0.1]", "127.0.0.2"]
        results = {host: reason(await do(call(f"http://{host}:{port}/"), ConnectorSettings())) for host in hosts}
    assert set(results.values()) == {("Refused", "address_refused")}, results
    assert not reached


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "file:///etc/passwd", "http:///x", "gopher://127.0.0.1/", "//127.0.0.1/", "127.0.0.1"])
async def test_only_http_addresses_are_called(url):
    assert reason(await do(call(url))) == ("Refused", "address_refused")


async def test_a_host_that_is_not_there_is_not_asked_again():
    assert reason(await do(call("http://no-such-host.invalid/"))) == ("Refused", "unreachable")


async def test_a_host_that_the_configuration_names_is_called_wherever_it_leads():
    async def handle(_request):
        return web.json_response({"number": 7})

    async with serving(handle) as port:
        settings = ConnectorSettings(allowed_hosts=(f"localhost:{port}",))
        assert (await do(call(f"http://localhost:{port}/"), settings)).outcome == "ok"
        assert reason(await do(call(f"http://127.0.0.1:{port}/"), settings)) == ("Refused", "address_refused")


async def test_a_redirect_to_a_private_address_is_refused():
    reached = []

    async def inside(_request):
        reached.append(1)
        return web.json_response({"number": 7})

    async with serving(inside, host="127.0.0.2") as private:

        async def outside(_request):
            raise web.HTTPFound(f"http://127.0.0.2:{private}/")

        async with serving(outside) as port:
            assert reason(await do(call(f"http://127.0.0.1:{port}/"))) == ("Refused", "address_refused")
            trusting = ConnectorSettings(allowed_hosts=("127.0.0.1",))
            assert reason(await do(call(f"http://127.0.0.1:{port}/"), trusting)) == ("Refused", "address_refused")
    assert not reached


async def test_five_redirects_are_followed_and_a_sixth_is_not():
    async def handle(request):
        left = int(request.match_info["path"])
        if left:
            raise web.HTTPFound(f"/{left - 1}")
        return web.json_response({"number": 7})

    async with serving(handle) as port:
        assert (await do(call(f"http://127.0.0.1:{port}/5"))).outcome == "ok"
        assert reason(await do(call(f"http://127.0.0.1:{port}/6"))) == ("Refused", "too_many_redirects")


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
async def test_a_redirect_keeps_or_drops_method_and_body_as_its_status_says(status, method):
    seen = []

    async def handle(request):
        if request.match_info["path"] == "":
            return web.Response(status=status, headers={"Location": "/next"})
        seen.append((request.method, await request.text(), "Content-Type" in request.headers))
        return web.json_response({"number": 7})

    async with serving(handle) as port:
        body = call(f"http://127.0.0.1:{port}/", "POST", inputs=[{"name": "a", "place": "body", "type": "text", "value": "b"}])
        assert (await do(body)).outcome == "ok"
    assert seen == [(method, '{"a": "b"}' if method == "POST" else "", method == "POST")]


async def test_a_redirect_to_another_origin_takes_no_headers_of_the_caller_along():
    seen = []

    async def other(request):
        seen.append(request.headers)
        return web.json_response({"number": 7})

    async with serving(other) as elsewhere:

        async def here(_request):
            raise web.HTTPTemporaryRedirect(f"http://127.0.0.1:{elsewhere}/")

        async with serving(here) as port:
            key = {"name": "X-Customer", "place": "header", "type": "text", "value": "Ann"}
            assert (await do(call(f"http://127.0.0.1:{port}/", inputs=[key], headers={"X-Tenant": "t"}))).outcome == "ok"
    assert "X-Customer" not in seen[0]
    assert "X-Tenant" not in seen[0]
    assert seen[0]["Idempotency-Key"] == "c1-1-1"


@pytest.mark.parametrize("location", ["http://[::1", "ftp://127.0.0.1/", "file:///etc/passwd"])
async def test_a_redirect_to_nowhere_is_refused(location):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    async with speaking(answer) as port:
        assert reason(await do(call(f"http://127.0.0.1:{port}/"))) == ("Refused", "address_refused")


async def test_the_framework_cuts_a_slow_call_at_its_timeout_repeats_a_busy_one_and_gives_no_values_on_failure(web_bench):
    asked = []

    async def handle(request):
        path = request.match_info["path"]
        asked.append(path)
        match path:
            case "slow":
                await asyncio.sleep(30)
            case "drip":
                response = web.StreamResponse()
                await response.prepare(request)
                while True:
                    await response.write(b" ")
                    await asyncio.sleep(0.05)
            case "busy" if asked.count("busy") < 3:
                return web.Response(status=503, headers={"Retry-After": "0"})
            case "closed":
                return web.Response(status=503, headers={"Retry-After": "100"})
            case "wrong":
                return web.json_response({"number": "seven"})
        return web.json_response({"number": 7})

    async with serving(handle) as port:
        for path, timeout_ms in (("slow", 400), ("drip", 400), ("busy", 10_000), ("closed", 10_000), ("wrong", 10_000), ("fine", 10_000)):
            body = call(f"http://127.0.0.1:{port}/{path}", "POST", timeout_ms=timeout_ms)
            web_bench.send("CallWebService", body, command_id=path, conversation=path, deadline=in_seconds(60))
        web_bench.send("CallWebService", call("http://10.0.0.1/"), command_id="private", deadline=in_seconds(60))
        async with running(WebServiceConnector(around(Deployment(), ALLOWED)), web_bench.deployment, ALLOWED):
            answers = {answer["command_id"]: answer for answer in await web_bench.responses(7)}
    assert {name: (answer["outcome"], answer["reason"]) for name, answer in answers.items()} == {
        "slow": ("not_ok", "timeout"),
        "drip": ("not_ok", "timeout"),
        "busy": ("ok", None),
        "closed": ("not_ok", "status"),
        "wrong": ("not_ok", "wrong_type"),
        "fine": ("ok", None),
        "private": ("not_ok", "address_refused"),
    }
    assert {name for name, answer in answers.items() if answer["values"]} == {"busy", "fine"}
    assert asked.count("busy") == 3
    assert asked.count("closed") == 1
