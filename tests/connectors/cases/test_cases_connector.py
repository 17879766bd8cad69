"""The whole connector: commands by Kafka, and processes that are killed."""

import asyncio

import pytest

from connectors.cases.connector import CasesConnector
from schemas.deployment import Deployment
from tests.connectors.cases.case_bench import commands
from tests.connectors.command_bench import PATIENCE_SECONDS, CommandBench, around, running
from tests.connectors.test_crash import SETTINGS, program

NEW = {"case_type": "complaint", "title": "A rucksack"}
ISSUED = {"issued_at": 1_780_000_000_000}


@pytest.fixture
def bench(own_types: Deployment, redis_server):
    made = CommandBench(own_types.model_copy(update={"redis_url": redis_server.url}), "cases")
    yield made
    made.close()


async def test_a_conversations_cases_go_through_kafka_in_order(bench, sql_url):
    surroundings = around(bench.deployment, SETTINGS, SMART_ROUTING_SQL_URL=sql_url)
    bench.send("CreateCase", NEW, command_id="1", **ISSUED)
    change = [{"name": "refund", "type": "number", "value": "12.5"}, {"name": "topic", "type": "text", "value": "delay"}]
    bench.send("ModifyCase", {"reference": "C-2026-000001", "fields": change}, command_id="2", **ISSUED)
    bench.send("DissociateCase", {"reference": "C-2026-000001"}, command_id="3", **ISSUED)
    bench.send("AssociateCase", {"reference": None}, command_id="4", **ISSUED)
    bench.send("AssociateCase", {"reference": "C-2026-000002"}, command_id="5", **ISSUED)
    bench.send("CreateCase", NEW, command_id="6", deadline=1_000, **ISSUED)
    bench.send("CreateCase", NEW, command_id="1", **ISSUED)
    async with running(CasesConnector(surroundings), bench.deployment, SETTINGS):
        answers = await bench.responses(7)
    said = [(answer["command_id"], answer["outcome"], answer["reason"]) for answer in answers]
    assert said == [
        ("1", "ok", None),
        ("2", "ok", None),
        ("3", "ok", None),
        ("4", "ok", None),
        ("5", "not_found", "no_case"),
        ("6", "error", "timeout"),
        ("1", "ok", None),
    ]
    assert answers[3]["values"]["refund"] == "12.5"
    assert answers[0]["values"] == answers[6]["values"]
    async with commands(bench.deployment, sql_url) as cases:
        assert await cases.count("cases_case") == 1


async def test_a_connector_that_is_killed_after_opening_a_case_opens_no_second_one(bench, sqlite_url, monkeypatch):
    monkeypatch.setenv("SMART_ROUTING_SQL_URL", sqlite_url)
    bench.send("CreateCase", NEW, command_id="1", **ISSUED)
    async with (
        program(bench.deployment, SETTINGS, "-m", "tests.connectors.doomed", "cases", "CreateCase") as process,
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        assert await process.stdout.readline() == b"done, not recorded\n"
    surroundings = around(bench.deployment, SETTINGS, SMART_ROUTING_SQL_URL=sqlite_url)
    async with running(CasesConnector(surroundings), bench.deployment, SETTINGS):
        (answer,) = await bench.responses(1)
    assert (answer["outcome"], answer["values"]["reference"]) == ("ok", "C-2026-000001")
    async with commands(bench.deployment, sqlite_url) as cases:
        assert await cases.count("cases_case") == await cases.count("cases_link") == 1
        assert await cases.count("cases_history") == 2
