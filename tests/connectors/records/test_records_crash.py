"""Connectors of records, killed between doing and recording: what was done stays done once."""

import asyncio
import json

import pytest

from connectors.crm.connector import CrmConnector
from connectors.databases.connector import DatabasesConnector
from tests.connectors.command_bench import PATIENCE_SECONDS, CommandBench, around, running
from tests.connectors.crm.card_bench import ANN, DEFINITIONS, cards, fields
from tests.connectors.crm.hubspot_server import TOKEN, HubSpot, slow
from tests.connectors.databases.row_bench import ORDERS, rows, values
from tests.connectors.local_http import serving
from tests.connectors.record_bench import published
from tests.connectors.test_crash import SETTINGS, program


@pytest.fixture
def row_bench(kafka, redis_server):
    for deployment in published(kafka, "databases", {"orders": ORDERS}, redis_server.url):
        bench = CommandBench(deployment, "databases")
        yield bench
        bench.close()


@pytest.fixture
def card_bench(kafka, redis_server):
    for deployment in published(kafka, "crm", DEFINITIONS, redis_server.url):
        bench = CommandBench(deployment, "crm")
        yield bench
        bench.close()


@pytest.fixture
def after_the_kill(monkeypatch):
    """Has one connector do a command and be killed, and gives the next one's answer."""

    async def answer(bench, name, kind, sql_url):
        monkeypatch.setenv("SMART_ROUTING_SQL_URL", sql_url)
        async with (
            program(bench.deployment, SETTINGS, "-m", "tests.connectors.doomed", bench.family, name) as process,
            asyncio.timeout(PATIENCE_SECONDS),
        ):
            assert await process.stdout.readline() == b"done, not recorded\n"
        surroundings = around(bench.deployment, SETTINGS, SMART_ROUTING_SQL_URL=sql_url)
        async with running(kind(surroundings), bench.deployment, SETTINGS):
            (answer,) = await bench.responses(1)
        return answer["outcome"], answer["reason"], answer["values"]

    return answer


async def test_a_row_is_added_once(row_bench, sql_url, after_the_kill):
    row_bench.send("InsertRow", {"database": "orders", "values": values([("number", "1"), ("status", "open")])}, command_id="c1-1-1")
    assert await after_the_kill(row_bench, "InsertRow", DatabasesConnector, sql_url) == ("ok", None, {})
    async with rows(row_bench.deployment, sql_url) as orders:
        assert await orders.count() == 1


async def test_a_card_that_was_created_by_a_search_is_not_found_by_it(card_bench, postgresql_url, after_the_kill):
    search = {"crm": "contacts", "combination": "all", "assertions": fields({"phone": ANN}), "create_if_not_found": True}
    card_bench.send("FindCard", search, command_id="c1-1-1")
    assert await after_the_kill(card_bench, "FindCard", CrmConnector, postgresql_url) == ("created", None, {"id": "1", "phone": ANN})
    async with cards(card_bench.deployment, postgresql_url) as contacts:
        assert await contacts.count() == 1
        assert await contacts.card_of() == ("crm", "", "1")


async def test_a_card_of_an_object_is_created_once(card_bench, sqlite_url, after_the_kill):
    body = {"crm": "sales", "object": "lead", "fields": fields({"phone": ANN}), "associate": True}
    card_bench.send("CreateCardV2", body, command_id="c1-1-1")
    assert await after_the_kill(card_bench, "CreateCardV2", CrmConnector, sqlite_url) == ("ok", None, {"id": "1", "phone": ANN})
    async with cards(card_bench.deployment, sqlite_url) as sales:
        assert await sales.count() == 1


async def test_a_card_that_hubspot_has_created_for_a_connector_that_was_killed_is_found_again(card_bench, sqlite_url, monkeypatch):
    hubspot, settings = HubSpot(), SETTINGS.model_copy(update={"allowed_hosts": ("127.0.0.1",)})
    body = {"crm": "sales", "object": "lead", "fields": fields({"phone": ANN}), "associate": True}

    async def creates_and_says_nothing(request):
        hubspot.create((await request.json())["properties"])
        await slow(request)

    hubspot.trouble.append(creates_and_says_nothing)
    async with serving(hubspot.serve) as port:
        system = {
            "adapter": "hubspot",
            "base_url": f"http://127.0.0.1:{port}",
            "credential": {"kind": "bearer", "token": TOKEN},
            "timeout_seconds": 60,
            "objects": {"lead": {"type": "contacts", "command_property": "command"}},
        }
        environment = {"SMART_ROUTING_SQL_URL": sqlite_url, "SMART_ROUTING_CRM_SYSTEMS": json.dumps({"sales": system})}
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        card_bench.send("CreateCardV2", body, command_id="c1-1-1")
        async with program(card_bench.deployment, settings, "-m", "smart_routing", "connectors", "run", "crm"):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not hubspot.cards:  # noqa: ASYNC110 - the card is created for another process
                    await asyncio.sleep(0.01)
        async with running(CrmConnector(around(card_bench.deployment, settings, **environment)), card_bench.deployment, settings):
            (answer,) = await card_bench.responses(1)
        assert (answer["outcome"], answer["values"]["id"]) == ("ok", "101")
        assert [method for method, *_ in hubspot.requests] == ["POST", "GET"]
        assert len(hubspot.cards) == 1
