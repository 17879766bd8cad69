"""How services are shown who calls, against real servers; and where no credential ever goes."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from contextlib import asynccontextmanager
from ipaddress import ip_network
from urllib.parse import parse_qs

import pytest
import yaml
from aiohttp import web

from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry
from connectors.framework.outcome import Outcome
from connectors.framework.settings import SettingsError
from connectors.web_service.connector import WebServiceConnector
from connectors.web_service.settings import WebServiceSettings
from schemas.deployment import Deployment
from tests.connectors.command_bench import QUICK, around
from tests.connectors.local_http import serving, speaking

ALLOWED = QUICK.model_copy(update={"allowed_networks": (ip_network("127.0.0.1/32"),)})
VARIABLE = "SMART_ROUTING_WEB_SERVICE_CREDENTIALS"
OUTPUT = {"name": "number", "language": "jsonpath", "path": "$.number", "type": "number"}


def call(port, path="/", method="GET", *, headers=None, inputs=(), host="127.0.0.1"):
    return {
        "service": "orders", "method": method, "url": f"http://{host}:{port}{path}", "headers": headers or {}, "body_format": "json",
        "body_root": "request", "inputs": list(inputs), "outputs": [OUTPUT], "timeout_ms": 5_000,
    }  # fmt: skip


@asynccontextmanager
async def connector(credential, settings=ALLOWED):
    made = WebServiceConnector(around(Deployment(), settings, **{VARIABLE: yaml.safe_dump({"orders": credential})}))
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def do(made, body):
    try:
        return await made.call_web_service(body, Context("c1-1-1", "c1", None, {}))
    except (Refused, Retry) as error:
        return error


def said(result):
    if isinstance(result, Outcome):
        return result.outcome, None
    (kind,) = (kind for kind in (Retry, Refused) if isinstance(result, kind))
    return kind.__name__, result.reason


def for_port(port, **more):
    return {"origins": [f"http://127.0.0.1:{port}"], **more}


class Service:
    """Keeps what it was sent, and answers."""

    def __init__(self, answer=None):
        self.seen = []
        self._answer = answer

    async def handle(self, request):
        self.seen.append((request.method, str(request.url), request.headers.copy(), await request.read()))
        if self._answer is not None:
            return self._answer(request)
        return web.json_response({"number": 7})

    def all_headers(self, name):
        return [headers.get(name) for _, _, headers, _ in self.seen]


@pytest.mark.parametrize(
    ("credential", "name", "value"),
    [
        (
            {"type": "basic", "username": "ann", "password": "p:ä s"},
            "Authorization",
            "Basic " + base64.b64encode("ann:p:ä s".encode()).decode(),
        ),
        ({"type": "bearer", "token": "abc.DEF-1_2~3+4/5=="}, "Authorization", "Bearer abc.DEF-1_2~3+4/5=="),
        ({"type": "api_key", "header": "X-Api-Key", "key": "k!1"}, "X-Api-Key", "k!1"),
    ],
)
async def test_a_fixed_credential_takes_the_place_of_what_the_definition_says(credential, name, value):
    service = Service()
    async with serving(service.handle) as port, connector(for_port(port, **credential)) as made:
        assert said(await do(made, call(port, headers={name.lower(): "of the definition", "X-Other": "1"}))) == ("ok", None)
    assert [headers.getall(name) for _, _, headers, _ in service.seen] == [[value]]
    assert service.all_headers("X-Other") == ["1"]


async def test_a_service_without_a_credential_is_shown_none():
    service = Service()
    async with serving(service.handle) as port, connector(for_port(port, type="bearer", token="secret")) as made:
        assert said(await do(made, {**call(port), "service": "another"})) == ("ok", None)
    assert service.all_headers("Authorization") == [None]


CREDENTIALS = [
    {"type": "basic", "username": "ann", "password": "secret"},
    {"type": "bearer", "token": "secret"},
    {"type": "api_key", "header": "X-Api-Key", "key": "secret"},
    {"type": "hmac", "key_id": "k", "secret": "secret of sixteen"},
    {"type": "oauth2_client_credentials", "token_url": "http://127.0.0.1:9/token", "client_id": "c", "client_secret": "secret"},
]


@pytest.mark.parametrize("credential", CREDENTIALS, ids=lambda credential: credential["type"])
async def test_a_definition_that_names_another_host_port_or_scheme_gets_no_credential_and_no_call(credential):
    service = Service()
    async with serving(service.handle) as port, serving(service.handle) as other, connector(for_port(port, **credential)) as made:
        for body in (call(other), call(port, host="localhost"), call(port, host="127.0.0.1.nip.invalid")):
            result = await do(made, body)
            assert said(result) == ("Refused", "address_refused")
            assert "secret" not in str(result)
        assert said(await do(made, {**call(port), "url": f"https://127.0.0.1:{port}/"})) == ("Refused", "address_refused")
    assert service.seen == []


@pytest.mark.parametrize("credential", CREDENTIALS[:4], ids=lambda credential: credential["type"])
async def test_no_credential_follows_a_redirect_to_another_origin_or_back_from_it(credential):
    names = ("Authorization", "X-Api-Key", "Signature", "Signature-Input", "Content-Digest")
    steps: dict[str, str] = {}
    back = ""
    service = Service(
        lambda request: (
            web.Response(status=307, headers={"Location": steps[request.path]})
            if request.path in steps
            else web.json_response({"number": 7})
        )
    )
    elsewhere = Service(lambda request: web.Response(status=307, headers={"Location": back}))
    async with serving(service.handle) as port, serving(elsewhere.handle) as other, connector(for_port(port, **credential)) as made:
        steps.update({"/1": "/2", "/2": f"http://127.0.0.1:{other}/"})
        back = f"http://127.0.0.1:{port}/3"
        body = call(port, "/1", "POST", inputs=[{"name": "a", "place": "body", "type": "text", "value": "b"}])
        assert said(await do(made, body)) == ("ok", None)
    shown = [(url.rpartition("/")[2], any(name in headers for name in names)) for _, url, headers, _ in service.seen]
    assert shown == [("1", True), ("2", True), ("3", False)]
    assert not any(name in headers for _, _, headers, _ in elsewhere.seen for name in names)


def verified(key, method, url, headers, body):
    """Check a signature by the words of RFC 9421, without the library that made it; returns its nonce."""
    label, _, parameters = headers["Signature-Input"].partition("=")
    assert label == "smart-routing"
    covered, _, rest = parameters.partition(")")
    names = [name.strip('"') for name in covered.removeprefix("(").split(" ")]
    given = dict(part.split("=", 1) for part in rest.removeprefix(";").split(";"))
    values = {"@method": method, "@target-uri": url, **{name: headers[name] for name in names if not name.startswith("@")}}
    base = "\n".join([*(f'"{name}": {values[name]}' for name in names), f'"@signature-params": {parameters}'])
    made = base64.b64encode(hmac.new(key, base.encode(), hashlib.sha256).digest()).decode()
    assert headers["Signature"] == f"smart-routing=:{made}:"
    assert abs(int(given["created"]) - time.time()) < 30
    assert given["alg"] == '"hmac-sha256"'
    assert {"@method", "@target-uri", "idempotency-key"} <= set(names)
    assert ("content-digest" in names) == bool(body)
    if body:
        assert headers["Content-Digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    assert given["keyid"] == '"key 1"'.replace(" ", "-")
    return given["nonce"]


@pytest.mark.parametrize("encoding", ["text", "base64"])
async def test_a_signature_covers_method_address_query_body_and_time_and_is_made_anew_for_every_request(encoding):
    key = b"a shared key of more than sixteen bytes"
    secret = key.decode() if encoding == "text" else base64.b64encode(key).decode()
    service = Service(
        lambda request: (
            web.Response(status=307, headers={"Location": "/moved?x=1"}) if request.path == "/a" else web.json_response({"number": 7})
        )
    )
    async with (
        serving(service.handle) as port,
        connector(for_port(port, type="hmac", key_id="key-1", secret=secret, encoding=encoding)) as made,
    ):
        inputs = [
            {"name": "q", "place": "query", "type": "text", "value": "ä &=?"},
            {"name": "text", "place": "body", "type": "text", "value": "ß\r\n"},
        ]
        assert said(await do(made, call(port, "/a", "POST", inputs=inputs, headers={"signature": "x", "Content-Digest": "y"}))) == (
            "ok",
            None,
        )
        assert said(await do(made, call(port, "/b#part"))) == ("ok", None)
    assert [method for method, *_ in service.seen] == ["POST", "POST", "GET"]
    nonces = {verified(key, *request) for request in service.seen}
    assert len(nonces) == 3


class TokenServer:
    """An authorization server's token endpoint."""

    def __init__(self, *, expires_in=3600, delay=0.0, answer=None):
        self.asked = []
        self.made = 0
        self._expires_in, self._delay, self._answer = expires_in, delay, answer

    async def handle(self, request):
        self.asked.append((request.headers.copy(), parse_qs(await request.text(), strict_parsing=True)))
        await asyncio.sleep(self._delay)
        if self._answer is not None:
            return self._answer(request)
        self.made += 1
        expiry = {} if self._expires_in is None else {"expires_in": self._expires_in}
        return web.json_response({"access_token": f"token-{self.made}", "token_type": "Bearer", **expiry})


def oauth(port, token_port, **more):
    return for_port(
        port,
        type="oauth2_client_credentials",
        token_url=f"http://127.0.0.1:{token_port}/token",
        client_id="client 1:&",
        client_secret="s:e+c r€t",
        **more,
    )


async def test_a_token_is_fetched_once_for_many_calls_and_kept():
    service, tokens = Service(), TokenServer(delay=0.2)
    async with serving(service.handle) as port, serving(tokens.handle) as token_port, connector(oauth(port, token_port)) as made:
        results = await asyncio.gather(*(do(made, call(port)) for _ in range(50)))
        assert {said(result) for result in results} == {("ok", None)}
        assert said(await do(made, call(port))) == ("ok", None)
    assert len(tokens.asked) == 1
    assert service.all_headers("Authorization") == ["Bearer token-1"] * 51


async def test_client_id_and_secret_go_into_the_header_or_into_the_form_with_scope_and_audience():
    service, tokens = Service(), TokenServer()
    async with serving(service.handle) as port, serving(tokens.handle) as token_port:
        async with connector(oauth(port, token_port)) as made:
            assert said(await do(made, call(port))) == ("ok", None)
        more = {"authentication": "client_secret_post", "scope": "orders.read orders.write", "audience": "https://api.example"}
        async with connector(oauth(port, token_port, **more)) as made:
            assert said(await do(made, call(port))) == ("ok", None)
    (first, first_form), (second, second_form) = tokens.asked
    # RFC 6749, 2.3.1: form-encoded, then joined by a colon, then base64.
    assert first["Authorization"] == "Basic " + base64.b64encode(b"client+1%3A%26:s%3Ae%2Bc+r%E2%82%ACt").decode()
    assert first_form == {"grant_type": ["client_credentials"]}
    assert "Authorization" not in second
    assert second_form == {
        "grant_type": ["client_credentials"], "client_id": ["client 1:&"], "client_secret": ["s:e+c r€t"],
        "scope": ["orders.read orders.write"], "audience": ["https://api.example"],
    }  # fmt: skip


async def test_a_token_is_replaced_shortly_before_it_expires():
    service, tokens = Service(), TokenServer(expires_in=1)
    async with serving(service.handle) as port, serving(tokens.handle) as token_port, connector(oauth(port, token_port)) as made:
        await do(made, call(port))
        await do(made, call(port))
        await asyncio.sleep(0.95)
        await do(made, call(port))
    assert service.all_headers("Authorization") == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize("expires_in", [None, "3600", "soon", 1e400, "1e300"])
async def test_an_odd_or_missing_expiry_does_not_keep_a_token_from_being_used(expires_in):
    service, tokens = Service(), TokenServer(expires_in=expires_in if expires_in != 1e400 else None)
    async with serving(service.handle) as port, serving(tokens.handle) as token_port, connector(oauth(port, token_port)) as made:
        assert [said(await do(made, call(port))) for _ in range(2)] == [("ok", None)] * 2
    assert tokens.made == 1


async def test_a_token_that_the_service_does_not_take_is_renewed_once():
    tokens = TokenServer()
    good = set()
    service = Service(
        lambda request: web.json_response({"number": 7}) if request.headers["Authorization"] in good else web.Response(status=401)
    )
    async with serving(service.handle) as port, serving(tokens.handle) as token_port, connector(oauth(port, token_port)) as made:
        good.add("Bearer token-2")
        assert said(await do(made, call(port))) == ("ok", None)
        assert service.all_headers("Authorization") == ["Bearer token-1", "Bearer token-2"]
        good.clear()
        assert said(await do(made, call(port))) == ("Refused", "status")
        assert tokens.made == 3  # and no fourth
        good.add("Bearer token-4")
        results = await asyncio.gather(*(do(made, call(port)) for _ in range(20)))
    assert {said(result) for result in results} == {("ok", None)}
    assert tokens.made == 4


async def test_a_fixed_credential_that_is_not_taken_is_not_shown_again():
    service = Service(lambda _request: web.Response(status=401))
    async with serving(service.handle) as port, connector(for_port(port, type="bearer", token="t")) as made:
        assert said(await do(made, call(port))) == ("Refused", "status")
    assert len(service.seen) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda _: web.json_response({"error": "invalid_client"}, status=401), ("Refused", "status")),
        (lambda _: web.json_response({"error": "<script>", "client_secret": "s"}, status=400), ("Refused", "status")),
        (lambda _: web.Response(status=302, headers={"Location": "/elsewhere"}), ("Refused", "status")),
        (lambda _: web.Response(status=503, headers={"Retry-After": "7"}), ("Retry", "status")),
        (lambda _: web.Response(status=429), ("Retry", "status")),
        (lambda _: web.Response(status=500), ("Retry", "status")),
        (lambda _: web.Response(text="<html>"), ("Refused", "unreadable_body")),
        (lambda _: web.json_response([]), ("Refused", "unreadable_body")),
        (lambda _: web.json_response({"access_token": "a"}), ("Refused", "unreadable_body")),
        (lambda _: web.json_response({"access_token": "a", "token_type": "mac"}), ("Refused", "unreadable_body")),
        (lambda _: web.json_response({"access_token": "", "token_type": "bearer"}), ("Refused", "unreadable_body")),
        (lambda _: web.json_response({"access_token": "a\r\nX-Admin: 1", "token_type": "bearer"}), ("Refused", "unreadable_body")),
        (lambda _: web.json_response({"access_token": "a" * 100_000, "token_type": "bearer"}), ("Refused", "unreadable_body")),
    ],
)
async def test_an_endpoint_that_gives_no_token_fails_the_call_which_is_not_made(answer, expected):
    service, tokens = Service(), TokenServer(answer=answer)
    async with serving(service.handle) as port, serving(tokens.handle) as token_port, connector(oauth(port, token_port)) as made:
        results = await asyncio.gather(*(do(made, call(port)) for _ in range(5)))
    assert {said(result) for result in results} == {expected}
    assert not service.seen
    assert len(tokens.asked) == 1
    assert "s:e+c" not in repr(results)
    assert "script" not in repr(results)
    if expected == ("Retry", "status"):
        assert results[0].after in {7.0, None}


async def test_an_endpoint_that_is_not_there_hangs_up_or_talks_nonsense():
    service = Service()

    async def hang_up(reader, writer):
        await reader.readuntil(b"\r\n\r\n")

    async def nonsense(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x00\xff hello\r\n\r\n")

    async with speaking(None) as nobody:
        pass
    async with serving(service.handle) as port, speaking(hang_up) as first, speaking(nonsense) as second:
        for token_port, expected in (
            (nobody, ("Retry", "unreachable")),
            (first, ("Retry", "unreachable")),
            (second, ("Refused", "unreadable_body")),
        ):
            async with connector(oauth(port, token_port)) as made:
                assert said(await do(made, call(port))) == expected
    assert not service.seen


async def test_the_token_endpoint_too_must_not_be_a_private_address():
    service, tokens = Service(), TokenServer()
    async with serving(service.handle) as port, serving(tokens.handle, host="127.0.0.2") as token_port:
        credential = {**oauth(port, token_port), "token_url": f"http://127.0.0.2:{token_port}/token"}
        async with connector(credential) as made:
            assert said(await do(made, call(port))) == ("Refused", "address_refused")
        async with connector({**credential, "token_url": "http://169.254.169.254/latest/meta-data"}) as made:
            assert said(await do(made, call(port))) == ("Refused", "address_refused")
    assert not tokens.asked


async def test_a_call_whose_time_is_over_does_not_take_the_token_from_the_others():
    service, tokens = Service(), TokenServer(delay=0.3)
    async with serving(service.handle) as port, serving(tokens.handle) as token_port, connector(oauth(port, token_port)) as made:
        first = asyncio.create_task(made.call_web_service(call(port), Context("c1", "c1", None, {})))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(do(made, call(port)))
        await asyncio.sleep(0.05)
        first.cancel()
        assert said(await second) == ("ok", None)
    assert len(tokens.asked) == 1


async def test_a_connector_that_stops_while_a_token_is_fetched_leaves_nothing_behind():
    service, tokens = Service(), TokenServer(delay=30)
    async with serving(service.handle) as port, serving(tokens.handle) as token_port:
        async with connector(oauth(port, token_port)) as made:
            calling = asyncio.create_task(do(made, call(port)))
            await asyncio.sleep(0.2)
            assert [task for task in asyncio.all_tasks() if "AccessTokens" in repr(task.get_coro())]
            calling.cancel()
        assert not [task for task in asyncio.all_tasks() if "AccessTokens" in repr(task.get_coro())]


ORIGINS = {"origins": ["https://api.example"]}


@pytest.mark.parametrize(
    ("credential", "fault"),
    [
        ({"type": "basic", "username": "a", "password": "SECRET"}, "orders.basic.origins: "),
        ({"type": "basic", "origins": [], "username": "a", "password": "SECRET"}, "orders.basic.origins: "),
        ({"type": "basic", "origins": ["https://api.example/path"], "username": "a", "password": "SECRET"}, "expected an origin"),
        ({"type": "basic", "origins": ["api.example"], "username": "a", "password": "SECRET"}, "expected an origin"),
        ({"type": "basic", "origins": ["https://u:p@api.example"], "username": "a", "password": "SECRET"}, "expected an origin"),
        ({"type": "basic", **ORIGINS, "username": "a:b", "password": "SECRET"}, "expected a name without colon"),
        ({"type": "basic", **ORIGINS, "username": "a", "password": "SECRET\r\nX: 1"}, "expected a secret without control characters"),
        ({"type": "bearer", **ORIGINS, "token": "SECRET é"}, "expected a token of letters"),
        ({"type": "api_key", **ORIGINS, "header": "X: Y", "key": "SECRET"}, "orders.api_key.header"),
        ({"type": "api_key", **ORIGINS, "header": "X", "key": "SECRET\n1"}, "expected visible ASCII"),
        ({"type": "hmac", **ORIGINS, "key_id": "k", "secret": "SECRET"}, "expected a key of at least 16 bytes"),
        ({"type": "hmac", **ORIGINS, "key_id": "k", "secret": "SECRET*", "encoding": "base64"}, "expected base64"),
        ({"type": "hmac", **ORIGINS, "key_id": 'k"', "secret": "SECRET of sixteen bytes"}, "without quote"),
        ({"type": "oauth2_client_credentials", **ORIGINS, "token_url": "ftp://x", "client_id": "c", "client_secret": "SECRET"}, "begin"),
        ({"type": "digest", **ORIGINS, "password": "SECRET"}, "orders"),
        ({"type": "bearer", **ORIGINS, "token": "SECRET", "host": "x"}, "orders.bearer.host"),
    ],
)  # fmt: skip
def test_a_credential_that_cannot_be_used_is_refused_at_the_start_without_being_shown(credential, fault):
    with pytest.raises(SettingsError) as refused:
        WebServiceSettings.from_environment({VARIABLE: json.dumps({"orders": credential})})
    assert str(refused.value).startswith(VARIABLE)
    assert fault in str(refused.value)
    assert "SECRET" not in str(refused.value)


def test_an_origin_is_one_however_it_is_written_and_secrets_come_from_files_and_are_never_shown(tmp_path):
    written = {"type": "bearer", "origins": ["HTTPS://API.Example:443/", "http://[::1]"], "token": "SECRET"}
    (tmp_path / "credentials").write_text(yaml.safe_dump({"orders": written}))
    settings = WebServiceSettings.from_environment({f"{VARIABLE}_FILE": str(tmp_path / "credentials")})
    assert settings.credentials["orders"].origins == ("https://api.example:443", "http://[::1]:80")
    assert "SECRET" not in repr(settings)
    assert not any("SECRET" in text for setting in settings.described() for text in setting)
    assert WebServiceSettings.from_environment(settings.to_environment()) == settings
