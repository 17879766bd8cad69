"""The whole connector: commands by Kafka, and a process that is killed."""

import asyncio

from connectors.campaigns.connector import CampaignsConnector
from connectors.sql.database import opened
from tests.connectors.campaigns.conftest import insertion
from tests.connectors.campaigns.test_insert_target import rows_of
from tests.connectors.command_bench import PATIENCE_SECONDS, around, running
from tests.connectors.test_crash import SETTINGS, program


async def test_targets_come_by_kafka_each_once(family_bench, sql_url):
    bench = family_bench
    bench.send("InsertTarget", insertion(), command_id="1")
    bench.send("InsertTarget", insertion(), command_id="2", conversation="c2")
    bench.send("InsertTarget", insertion(campaign="summer"), command_id="3")
    bench.send("InsertTarget", insertion(phone_number="+33687654321"), command_id="4", deadline=1_000)
    bench.send("InsertTarget", insertion(), command_id="1")
    surroundings = around(bench.deployment, SETTINGS, SMART_ROUTING_SQL_URL=sql_url)
    async with running(CampaignsConnector(surroundings), bench.deployment, SETTINGS):
        answers = await bench.responses(5)
    said = sorted((answer["command_id"], answer["outcome"], answer["reason"]) for answer in answers if answer["command_id"] not in "12")
    assert said == [("3", "reference_not_found", "reference_not_found"), ("4", "error", "timeout")]
    # Of two conversations with the same number whichever comes first has it.
    first = {answer["command_id"]: answer["outcome"] for answer in answers if answer["command_id"] in "12"}
    assert sorted(first.values()) == ["duplication", "ok"]
    async with opened(surroundings, "campaigns") as database:
        assert len(await rows_of(database)) == 1


async def test_a_connector_that_is_killed_after_inserting_inserts_no_second_target(family_bench, postgresql_url, monkeypatch):
    bench, surroundings = family_bench, around(family_bench.deployment, SETTINGS, SMART_ROUTING_SQL_URL=postgresql_url)
    monkeypatch.setenv("SMART_ROUTING_SQL_URL", postgresql_url)
    bench.send("InsertTarget", insertion(insert_if_duplicate=True), command_id="1")
    async with (
        program(bench.deployment, SETTINGS, "-m", "tests.connectors.doomed", "campaigns", "InsertTarget") as process,
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        assert await process.stdout.readline() == b"done, not recorded\n"
    async with running(CampaignsConnector(surroundings), bench.deployment, SETTINGS):
        (answer,) = await bench.responses(1)
    async with opened(surroundings, "campaigns") as database:
        (row,) = await rows_of(database)
    assert (answer["outcome"], answer["values"]) == ("ok", {"id": str(row.id)})
