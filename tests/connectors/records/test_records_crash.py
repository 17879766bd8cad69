"""Connectors of records, killed between doing and recording: what was done stays done once."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager

import pytest

from connectors.crm.connector import CrmConnector
from connectors.databases.connector import DatabasesConnector
from tests.connectors.command_bench import PATIENCE_SECONDS, QUICK, CommandBench, around, running
from tests.connectors.crm.card_bench import ANN, DEFINITIONS, cards, fields
from tests.connectors.databases.row_bench import ORDERS, rows, values
from tests.connectors.record_bench import published

SETTINGS = QUICK.model_copy(update={"session_seconds": 1.5})


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


@asynccontextmanager
async def killed_when_done(bench, sql_url):
    environment = {**os.environ, **bench.deployment.to_environment(), **SETTINGS.to_environment(), "SMART_ROUTING_SQL_URL": sql_url}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.connectors.records.doomed",
        bench.family,
        env={**environment, "PYTHONPATH": "."},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await process.stdout.readline() == b"done, not recorded\n"
        yield
    finally:
        if process.returncode is None:
            os.kill(process.pid, signal.SIGKILL)
        await process.wait()


async def answers_after_the_kill(bench, kind, sql_url):
    async with killed_when_done(bench, sql_url):
        pass
    surroundings = around(bench.deployment, SETTINGS, SMART_ROUTING_SQL_URL=sql_url)
    async with running(kind(surroundings), bench.deployment, SETTINGS):
        (answer,) = await bench.responses(1)
        return answer["outcome"], answer["reason"], answer["values"]


async def test_a_row_is_added_once(row_bench, sql_url):
    row_bench.send("InsertRow", {"database": "orders", "values": values([("number", "1"), ("status", "open")])}, command_id="c1-1-1")
    assert await answers_after_the_kill(row_bench, DatabasesConnector, sql_url) == ("ok", None, {})
    async with rows(row_bench.deployment, sql_url) as orders:
        assert await orders.count() == 1


async def test_a_card_that_was_created_by_a_search_is_not_found_by_it(card_bench, sql_url):
    search = {"crm": "contacts", "combination": "all", "assertions": fields({"phone": ANN}), "create_if_not_found": True}
    card_bench.send("FindCard", search, command_id="c1-1-1")
    assert await answers_after_the_kill(card_bench, CrmConnector, sql_url) == ("created", None, {"id": "1", "phone": ANN})
    async with cards(card_bench.deployment, sql_url) as contacts:
        assert await contacts.count() == 1
        assert await contacts.card_of() == ("crm", "", "1")


async def test_a_card_of_an_object_is_created_once(card_bench, sql_url):
    body = {"crm": "sales", "object": "lead", "fields": fields({"phone": ANN}), "associate": True}
    card_bench.send("CreateCardV2", body, command_id="c1-1-1")
    assert await answers_after_the_kill(card_bench, CrmConnector, sql_url) == ("ok", None, {"id": "1", "phone": ANN})
    async with cards(card_bench.deployment, sql_url) as sales:
        assert await sales.count() == 1
