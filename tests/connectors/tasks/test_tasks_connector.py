"""The whole connector: commands by Kafka, and a process that is killed between Salesforce and the store."""

import asyncio

import pytest

from connectors.tasks.connector import TasksConnector
from tests.connectors.command_bench import PATIENCE_SECONDS, around, in_seconds, running
from tests.connectors.conftest import benches
from tests.connectors.tasks.salesforce_server import error, never, salesforce
from tests.connectors.tasks.task_bench import ISSUED, configured, tasks
from tests.connectors.test_crash import SETTINGS, program

RUN = ("-m", "smart_routing", "connectors", "run", "tasks")
THERE = {"name": "Call Ann back", "category": "call_back", "kind": "salesforce", "start_date": None, "end_date": None}


@pytest.fixture
def bench(kafka, redis_server):
    yield from benches(kafka, redis_server, "tasks")


@pytest.fixture
def allowed():
    return SETTINGS.model_copy(update={"allowed_hosts": ("127.0.0.1",)})


async def test_a_connector_that_is_killed_after_salesforce_made_the_task_makes_no_second_one(bench, allowed, postgresql_url, monkeypatch):
    async with salesforce() as server:
        environment = {"SMART_ROUTING_SQL_URL": postgresql_url, **configured(server, timeout_seconds=60)}
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        server.after_work = [never]
        bench.send("CreateTask", THERE, command_id="1", issued_at=ISSUED)
        async with program(bench.deployment, allowed, *RUN), asyncio.timeout(PATIENCE_SECONDS):
            while not server.tasks:  # noqa: ASYNC110 - the task is made by another process
                await asyncio.sleep(0.01)
        server.next_answers = [error(503, "SERVER_UNAVAILABLE", "busy")]
        surroundings = around(bench.deployment, allowed, **environment)
        async with running(TasksConnector(surroundings), bench.deployment, allowed):
            (answer,) = await bench.responses(1)
        (made,) = server.tasks.values()
        assert (answer["outcome"], answer["values"]["salesforce_id"]) == ("ok", made["Id"])
        assert len(server.requests) == 3
        async with tasks(postgresql_url) as store:
            assert [row.salesforce_id for row in await store.rows()] == [made["Id"]]


async def test_a_command_past_its_deadline_makes_nothing(bench, allowed, sql_url):
    bench.send("CreateTask", {**THERE, "kind": "standard"}, command_id="1", deadline=1_000)
    bench.send("CreateTask", {**THERE, "kind": "standard"}, command_id="2")
    surroundings = around(bench.deployment, allowed, SMART_ROUTING_SQL_URL=sql_url)
    async with running(TasksConnector(surroundings), bench.deployment, allowed):
        assert await bench.answers(2) == {"1": ("error", "timeout"), "2": ("ok", None)}
    async with tasks(sql_url) as store:
        assert len(await store.rows()) == 1


async def test_salesforce_is_left_alone_for_a_while_where_it_does_not_answer_and_other_tasks_are_made(bench, allowed, sqlite_url):
    settings = allowed.model_copy(update={"breaker_failures": 2, "breaker_seconds": 60})
    async with salesforce() as server:
        server.next_answers = [error(503, "SERVER_UNAVAILABLE", "busy") for _ in range(100)]
        surroundings = around(bench.deployment, settings, SMART_ROUTING_SQL_URL=sqlite_url, **configured(server))
        async with running(TasksConnector(surroundings), bench.deployment, settings):
            bench.send("CreateTask", THERE, command_id="1", deadline=in_seconds(20))
            assert await bench.answers(1) == {"1": ("error", "unreachable")}
            assert len(server.requests) == 2
            bench.send("CreateTask", THERE, command_id="2", deadline=in_seconds(20))
            bench.send("CreateTask", {**THERE, "kind": "standard"}, command_id="3")
            assert await bench.answers(3) == {"1": ("error", "unreachable"), "2": ("error", "unreachable"), "3": ("ok", None)}
        assert len(server.requests) == 2
