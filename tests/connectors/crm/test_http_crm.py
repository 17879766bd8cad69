"""A CRM over HTTP that is configured: against one on loopback."""

import asyncio
import json
import tracemalloc
from base64 import b64encode
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import web

from connectors.crm.settings import CrmSettings
from connectors.framework.errors import Retry
from connectors.framework.settings import SettingsError
from tests.connectors.command_bench import QUICK
from tests.connectors.crm.card_bench import ANN, BOB, cards, fields
from tests.connectors.local_http import serving

ALLOWED = QUICK.model_copy(update={"allowed_networks": (ip_network("127.0.0.1/32"),)})
PASSWORD = "a password of the tests"
BASIC = f"Basic {b64encode(f'routing:{PASSWORD}'.encode()).decode()}"

SYSTEM: dict[str, Any] = {
    "adapter": "http",
    "credential": {"kind": "basic", "username": "routing", "password": PASSWORD},
    "timeout_seconds": 1,
    "objects": {
        "lead": {
            "fields": {"phone": "Phone", "name": "Name", "bill": "YearlyBill"},
            "search": {
                "path": "/{object}/search",
                "query": {"limit": "3"},
                "body": {"operator": "{combination}", "filters": {"$each": {"attribute": "{field}", "equals": "{value}"}}},
                "combinations": {"all": "AND", "any": "OR"},
                "cards": "data.items",
                "id": "meta.id",
                "values": "attributes",
            },
            "create": {"path": "/{object}", "body": {"attributes": "{fields}"}, "id": "data.meta.id", "values": "data.attributes"},
        },
    },
    "scenarios": {
        "who_writes": {"method": "GET", "path": "/customers/{channel}/{address}", "id": "meta.id", "values": "attributes", "no_card": [404]}
    },
    "refusals": [
        {"status": 409, "reason": "duplicate"},
        {"status": 422, "when": "errors[?code=='unknown']", "reason": "unknown_field"},
        {"status": 422, "when": "errors[?code=='required']", "reason": "missing_field"},
        {"status": 422, "reason": "wrong_type"},
    ],
}  # fmt: skip


class Crm:
    """Leads, and what was asked."""

    def __init__(self):
        self.leads = []
        self.requests = []
        self.keys = {}
        self.answer = None

    async def serve(self, request):
        text = await request.text()
        self.requests.append((request.method, request.raw_path, json.loads(text) if text else None))
        if self.answer is not None:
            return await self.answer(request)
        if request.headers.get("Authorization") != BASIC:
            return web.json_response({}, status=401)
        match request.method, request.path:
            case "POST", "/lead/search":
                body = json.loads(text)
                combine = all if body["operator"] == "AND" else any
                found = [
                    lead for lead in self.leads if combine(lead["attributes"].get(f["attribute"]) == f["equals"] for f in body["filters"])
                ]
                return web.json_response({"data": {"items": found}})
            case "POST", "/lead":
                return self.create(json.loads(text)["attributes"], request.headers.get("Idempotency-Key"))
            case "GET", path if path.startswith("/customers/whatsapp/"):
                for lead in self.leads:
                    if lead["attributes"].get("Phone") == path.rpartition("/")[2]:
                        return web.json_response(lead)
        return web.json_response({}, status=404)

    def create(self, attributes, key=None):
        if key is not None and key in self.keys:
            return web.json_response({"data": self.keys[key]}, status=201)
        if any(lead["attributes"].get("Name") == attributes.get("Name") for lead in self.leads if attributes.get("Name")):
            return web.json_response({"errors": [{"code": "exists"}]}, status=409)
        for attribute, value in attributes.items():
            if attribute not in {"Phone", "Name", "YearlyBill", "car"}:
                return web.json_response({"errors": [{"code": "unknown", "field": attribute}]}, status=422)
            if attribute == "YearlyBill" and not isinstance(value, int | float):
                return web.json_response({"errors": [{"code": "type"}]}, status=422)
        if "YearlyBill" in attributes and attributes["YearlyBill"] < 0:
            return web.json_response({"errors": [{"code": "range"}]}, status=422)
        if "Name" not in attributes:
            return web.json_response({"errors": [{"code": "required"}]}, status=422)
        self.leads.append({"meta": {"id": 7000 + len(self.leads)}, "attributes": attributes})
        if key is not None:
            self.keys[key] = self.leads[-1]
        return web.json_response({"data": self.leads[-1]}, status=201)


@asynccontextmanager
async def connected(shared, sql_url, port, *, system=SYSTEM):
    given = json.dumps({"sales": {**system, "base_url": f"http://127.0.0.1:{port}"}})
    async with cards(shared, sql_url, settings=ALLOWED, SMART_ROUTING_CRM_SYSTEMS=given) as made:
        yield made


def with_create(**more):
    lead = SYSTEM["objects"]["lead"]
    return {**SYSTEM, "objects": {"lead": {**lead, "create": {**lead["create"], **more}}}}


@pytest.fixture
def sql_url(sqlite_url):
    return sqlite_url


@pytest.fixture
async def crm():
    return Crm()


@pytest.fixture
async def sales(shared, sql_url, crm):
    async with serving(crm.serve) as port, connected(shared, sql_url, port) as made:
        yield made


async def test_requests_are_as_configured(sales, crm):
    created = await sales.create_v2(phone=ANN, name="Ann", bill="1450.5", car="true", associate=True)
    assert created == ("ok", None, {"id": "7000", "phone": ANN, "name": "Ann", "bill": "1450.5", "car": "true"})
    attributes = {"Phone": ANN, "Name": "Ann", "YearlyBill": 1450.5, "car": True}
    assert crm.requests[-1] == ("POST", "/lead", {"attributes": attributes})
    assert await sales.card_of() == ("crm_v2", "lead", "7000")
    assert await sales.scenario(("phone", ANN), ("bill", "1450.50")) == ("one", None, created[2])
    filters = [{"attribute": "Phone", "equals": ANN}, {"attribute": "YearlyBill", "equals": 1450.5}]
    assert crm.requests[-1] == ("POST", "/lead/search?limit=3", {"operator": "AND", "filters": filters})
    assert (await sales.scenario(("phone", BOB), ("name", "Ann"), combination="any"))[0] == "one"
    assert crm.requests[-1][2]["operator"] == "OR"
    assert (await sales.scenario(("phone", BOB)))[0] == "none"
    await sales.create_v2(phone=ANN, name="Anna")
    assert (await sales.scenario(("phone", ANN)))[0] == "several"
    assert await sales.card_of() == ("crm_v2", "lead", "7000")


async def test_the_crm_knows_a_scenario_without_assertions(sales, crm):
    await sales.create_v2(phone=ANN, name="Ann")
    assert (await sales.scenario(scenario="who_writes", address=ANN))[2]["name"] == "Ann"
    assert crm.requests[-1][:2] == ("GET", "/customers/whatsapp/%2B33612345678")
    assert (await sales.scenario(scenario="who_writes", address=BOB))[0] == "none"
    assert (await sales.scenario(scenario="another", address=ANN))[:2] == ("error", "refused")


async def test_a_crm_that_cannot_combine_by_or_is_asked_once_for_each(shared, sql_url, crm):
    lead = SYSTEM["objects"]["lead"]
    system = {**SYSTEM, "objects": {"lead": {**lead, "search": {**lead["search"], "combinations": {"all": "AND"}}}}}
    async with serving(crm.serve) as port, connected(shared, sql_url, port, system=system) as sales:
        await sales.create_v2(phone=ANN, name="Ann")
        await sales.create_v2(phone=BOB, name="Bob")
        crm.requests.clear()
        assert (await sales.scenario(("phone", ANN), ("name", "Ann"), combination="any"))[0] == "one"
        assert (await sales.scenario(("phone", ANN), ("name", "Bob"), combination="any"))[0] == "several"
        assert len(crm.requests) == 4


async def test_assertions_as_a_query(shared, sql_url, crm):
    lead = SYSTEM["objects"]["lead"]
    search = {"method": "GET", "path": "/find", "query": {"filter[{field}]": "{value}", "match": "{combination}"}, "cards": "@"}
    system = {**SYSTEM, "objects": {"lead": {**lead, "search": {**search, "combinations": {"all": "every", "any": "some"}}}}}

    async def nothing(request):
        return web.json_response([])

    crm.answer = nothing
    async with serving(crm.serve) as port, connected(shared, sql_url, port, system=system) as sales:
        assert (await sales.scenario(("name", "a&b=c #?"), ("car", "true")))[0] == "none"
        assert crm.requests[-1] == ("GET", "/find?filter%5BName%5D=a%26b%3Dc%20%23%3F&filter%5Bcar%5D=true&match=every", None)


async def test_the_reasons_of_the_crms_refusals(sales, crm):
    assert (await sales.create_v2(phone=ANN, name="Ann"))[0] == "ok"
    assert (await sales.create_v2(phone=BOB, name="Ann"))[:2] == ("error", "duplicate")
    assert (await sales.create_v2(phone=BOB, name="Bob", mail="bob@example.org"))[:2] == ("error", "unknown_field")
    assert (await sales.create_v2(phone=BOB))[:2] == ("error", "missing_field")
    assert (await sales.create_v2(phone=BOB, name="Bob", bill="-1"))[:2] == ("error", "wrong_type")
    assert (await sales.create_v2(phone=BOB, name="Bob", bill="0.1234567890123456789"))[:2] == ("error", "wrong_type")
    assert (await sales.create_v2(object_="company", name="Acme"))[:2] == ("error", "refused")
    assert len(crm.leads) == 1


async def test_values_that_do_not_fit_their_field_are_left_out(sales, crm):
    odd = {"Phone": ANN, "Name": 12, "YearlyBill": "much", "car": None, "level": "bronze", "asked_on": {"day": 3}, "more": "x"}
    crm.leads.append({"meta": {"id": "a-1"}, "attributes": odd})
    assert await sales.scenario(("phone", ANN)) == ("one", None, {"id": "a-1", "phone": ANN, "name": "12"})


async def answering(text, status=200, content_type="application/json"):
    async def answer(_request):
        return web.Response(text=text, status=status, content_type=content_type)

    return answer


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 200), ("<html>", 200), ("[" * 100_000, 200), ('{"data": {"items": [{"meta": {}}]}}', 200), ('{"data": {}}', 200), ("{}", 400),
        ('{"data": {"items": [1]}}', 200), ("{}", 404), ("{}", 403), ("NaN", 200),
    ],
)  # fmt: skip
async def test_nonsense_is_refused_and_finds_nobody(sales, crm, text, status):
    crm.answer = await answering(text, status)
    assert (await sales.scenario(("phone", ANN)))[:2] == ("error", "refused")
    assert await sales.card_of() is None


@pytest.mark.parametrize("identity", ["", "a\0b", "\ud800", "x" * 513, None, True, 1.5, {"a": 1}])
async def test_a_created_card_without_an_id_that_can_be_kept_is_unknown(sales, crm, identity):
    crm.answer = await answering(json.dumps({"data": {"meta": {"id": identity}, "attributes": {}}}), 201)
    assert (await sales.create_v2(phone=ANN, name="Ann", associate=True))[0] == "unknown"


@pytest.mark.parametrize("text", ["", "<html>", "[]", '{"data": {"meta": {"id": 1e99999999999999999999}}}'])
async def test_what_nobody_can_read_leaves_a_creation_unknown(sales, crm, text):
    crm.answer = await answering(text, 201)
    assert (await sales.create_v2(phone=ANN, name="Ann"))[0] == "unknown"


async def test_a_number_of_a_hundred_million_digits_is_left_out_and_not_written_out(sales, crm):
    crm.answer = await answering(
        '{"data": {"items": [{"meta": {"id": 1}, "attributes": {"Phone": "+33612345678", "YearlyBill": 1e99999999}}]}}'
    )
    tracemalloc.start()
    try:
        assert (await sales.scenario(("phone", ANN)))[2] == {"id": "1", "phone": ANN}
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


async def test_an_answer_of_any_size_is_not_read_to_its_end(sales, crm):
    crm.answer = await answering('{"data": "' + "x" * 5_000_000 + '"}')
    assert (await sales.scenario(("phone", ANN)))[:2] == ("error", "refused")


async def test_a_redirect_is_not_followed(sales, crm):
    async def elsewhere(_request):
        raise web.HTTPTemporaryRedirect("http://169.254.169.254/latest/meta-data/")

    crm.answer = elsewhere
    assert (await sales.scenario(("phone", ANN)))[:2] == ("error", "refused")
    assert (await sales.create_v2(phone=ANN, name="Ann"))[:2] == ("error", "refused")


async def hang(_request):
    await asyncio.sleep(30)
    return web.Response()


async def test_with_a_key_a_creation_is_repeated_and_creates_once(shared, sql_url, crm):
    async with (
        serving(crm.serve) as port,
        connected(shared, sql_url, port, system=with_create(idempotency_header="Idempotency-Key")) as sales,
    ):

        async def done_and_hangs(request):
            crm.create((await request.json())["attributes"], request.headers["Idempotency-Key"])
            return await hang(request)

        connector = sales.commands.connector
        method, context = connector.commands["CreateCardV2"], sales.commands.context("c1-1-1")
        body = {"crm": "sales", "object": "lead", "fields": fields({"phone": ANN, "name": "Ann"}), "associate": False}
        crm.answer = done_and_hangs
        with pytest.raises(Retry):
            await method.execute(connector, body, context)
        crm.answer = None
        assert await method.look(connector, body, context) is None
        assert (await method.execute(connector, body, context)).values["id"] == "7000"
        assert len(crm.leads) == 1


async def test_without_a_key_a_creation_whose_answer_is_lost_is_unknown(sales, crm):
    crm.answer = hang
    assert (await sales.create_v2(phone=ANN, name="Ann"))[:2] == ("unknown", "unreachable")
    assert len(crm.requests) == 1


async def test_a_card_that_was_created_and_not_noted_is_not_created_again(shared, postgresql, postgresql_url, crm):
    async def creates_and_the_store_goes_away(request):
        postgresql.shut(postgresql_url)
        return crm.create((await request.json())["attributes"])

    async with serving(crm.serve) as port, connected(shared, postgresql_url, port) as sales:
        connector = sales.commands.connector
        method, context = connector.commands["CreateCardV2"], sales.commands.context("c1-1-1")
        body = {"crm": "sales", "object": "lead", "fields": fields({"phone": ANN, "name": "Ann"}), "associate": True}
        crm.answer = creates_and_the_store_goes_away
        with pytest.raises(Retry) as raised:
            await method.execute(connector, body, context)
        assert (raised.value.reason, raised.value.outcome) == ("unreachable", "unknown")  # so that it is looked up first
        with pytest.raises(Retry):
            await method.look(connector, body, context)
        postgresql.reopen(postgresql_url)
        found = await method.look(connector, body, context)
        assert (found.outcome, found.reason) == ("unknown", "interrupted")
        assert len(crm.leads) == 1


@pytest.mark.parametrize("attack", ["..", ".", "", "a/../../admin", "a?b=c", "a#b", "a\r\nHost: x", "%2e%2e", "//evil.example"])
async def test_an_address_stays_one_segment_of_the_path(sales, crm, attack):
    outcome, reason, _ = await sales.scenario(scenario="who_writes", address=attack)
    assert (outcome, reason) in {("none", None), ("error", "refused")}
    for _, path, _ in crm.requests:
        assert path.startswith("/customers/whatsapp/")
        assert path.count("/") == 3
        assert "?" not in path


async def test_tokens_of_oauth_2_are_fetched_and_renewed(shared, sql_url, crm):
    tokens: list[str] = []
    forms: list[dict[str, Any]] = []

    async def serve(request):
        if request.path == "/token":
            forms.append(dict(await request.post()))
            tokens.append(f"token-{len(tokens)}")
            return web.json_response({"access_token": tokens[-1], "token_type": "Bearer", "expires_in": 3600})
        if request.headers.get("Authorization") != f"Bearer {tokens[-1]}" or len(tokens) < 2:
            return web.json_response({}, status=401)
        return web.json_response({"data": {"items": []}})

    async with serving(serve) as port:
        secret = {"client_id": "routing", "client_secret": PASSWORD, "scope": "leads"}
        credential = {"kind": "oauth2_client_credentials", "token_url": f"http://127.0.0.1:{port}/token", **secret}
        async with connected(shared, sql_url, port, system={**SYSTEM, "credential": credential}) as sales:
            assert (await sales.scenario(("phone", ANN)))[0] == "none"  # the first token was not believed
            assert (await sales.scenario(("phone", ANN)))[0] == "none"
    assert len(tokens) == 2
    assert forms[0] == {"grant_type": "client_credentials", **secret}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scenarios": {"s": {"path": "/{phone}"}}}, "found phone"), ({"scenarios": {"s": {"path": "relative"}}}, "path"),
        ({"objects": {"lead": {"search": {"path": "/", "cards": "[["}}}}, "JMESPath"), ({"adapter": "ftp"}, "SMART_ROUTING_CRM_SYSTEMS"),
        ({"objects": {"lead": {"search": {"path": "/", "body": {"$each": {"a": "{address}"}}}}}}, "found address"),
        ({"credential": {"kind": "basic", "username": "a"}}, "password"), ({"base_url": "ftp://crm"}, "base_url"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_used_are_told(change, said):
    given = {"sales": {**SYSTEM, "base_url": "https://crm.example.org", **change}}
    with pytest.raises(SettingsError, match=r"SMART_ROUTING_CRM_SYSTEMS") as raised:
        CrmSettings.from_environment({"SMART_ROUTING_CRM_SYSTEMS": json.dumps(given)})
    assert said in str(raised.value)
    assert PASSWORD not in str(raised.value)


def test_secrets_are_not_shown():
    given = {"sales": {**SYSTEM, "base_url": "https://crm.example.org"}}
    settings = CrmSettings.from_environment({"SMART_ROUTING_CRM_SYSTEMS": json.dumps(given)})
    assert PASSWORD not in repr(settings) + str(list(settings.described()))
    assert CrmSettings.from_environment(settings.to_environment()) == settings
