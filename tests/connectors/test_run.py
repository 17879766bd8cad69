"""Every connector that there is, and their common life."""

import asyncio
import re

import pytest

from connectors.run import CONNECTORS, run_connectors
from schemas.codec import current_schema
from schemas.deployment import Deployment
from schemas.topics import COMMAND_FAMILIES, Topics
from smart_routing.embedded import EmbeddedBroker, EmbeddedRedis
from smart_routing.free_port import free_port
from tests.connectors.command_bench import QUICK, CommandBench, around, running, until
from tests.connectors.probe import Probe


@pytest.mark.parametrize("family", CONNECTORS)
async def test_a_connector_executes_every_command_of_its_family_and_says_what_it_does(family):
    connector = CONNECTORS[family](around(Deployment(embedded=True)))
    schema = current_schema(f"{family}_command")
    (body,) = (field for field in schema["fields"] if field["name"] == "body")
    assert set(connector.commands) == {record["name"] for record in body["type"]}
    assert type(connector).__doc__
    for record in body["type"]:
        method = connector.commands[record["name"]]
        assert method.execute.__doc__
        assert re.search(rf"\b{method.failure}\b", record["doc"])
    await connector.close()  # as after an `open` that came to nothing


def test_every_family_has_a_connector():
    assert set(CONNECTORS) == set(COMMAND_FAMILIES)


async def test_an_unknown_family_is_refused():
    with pytest.raises(ValueError, match=r"expected some of messaging, .*, billing; found pigeons"):
        await run_connectors(around(Deployment()), ["pigeons"], asyncio.Event())


async def test_connectors_that_are_started_first_wait_for_redis_and_kafka(redis_server, embedded_broker):
    """Whatever order an operator starts things in."""
    late = EmbeddedRedis(port=free_port())
    deployment = Deployment(bootstrap_servers=embedded_broker.bootstrap_servers, partitions=2, redis_url=late.url, embedded=True)
    embedded_broker.set_down()
    stop = asyncio.Event()
    task = asyncio.create_task(run_connectors(around(deployment), ["messaging"], stop))
    await asyncio.sleep(0.3)
    embedded_broker.set_up()
    with late:
        bench = CommandBench(deployment)
        bench.send("SendMessage", {"text": "x"}, command_id="1")
        assert await bench.answers(1) == {"1": ("ok", None)}
        stop.set()
        await task
        bench.close()


async def test_connectors_that_cannot_start_stop_at_once_when_told():
    deployment = Deployment(bootstrap_servers=f"127.0.0.1:{free_port()}", redis_url=f"redis://127.0.0.1:{free_port()}/0", embedded=True)
    stop = asyncio.Event()
    task = asyncio.create_task(run_connectors(around(deployment), (), stop))
    await asyncio.sleep(0.3)
    stop.set()
    async with asyncio.timeout(3):
        await task


async def test_a_broker_that_fails_for_a_while_loses_no_command(redis_server):
    with EmbeddedBroker(Topics("sr.").specs(2)) as broker:
        deployment = Deployment(bootstrap_servers=broker.bootstrap_servers, partitions=2, redis_url=redis_server.url, embedded=True)
        bench, stop = CommandBench(deployment), asyncio.Event()
        task = asyncio.create_task(run_connectors(around(deployment), ["messaging"], stop))
        for number in range(50):
            bench.send("SendMessage", {"text": "x"}, command_id=str(number), conversation=f"c{number % 5}")
            if number == 25:
                broker.set_down()
                await asyncio.sleep(0.5)
                broker.set_up()
        answers = await bench.answers(50)
        assert set(answers.values()) == {("ok", None)}
        stop.set()
        await task
        bench.close()


async def test_connectors_stop_although_kafka_has_gone_and_what_was_not_answered_is_answered_later(redis_server):
    with EmbeddedBroker(Topics("sr.").specs(2)) as broker:
        deployment = Deployment(bootstrap_servers=broker.bootstrap_servers, partitions=2, redis_url=redis_server.url, embedded=True)
        bench, gate = CommandBench(deployment), asyncio.Event()

        async def wait(_context):
            await gate.wait()

        first, second = Probe(wait), Probe()
        bench.send("SendMessage", {"text": "x"}, command_id="1")
        settings = QUICK.model_copy(update={"drain_seconds": 0.3, "farewell_seconds": 0.3, "session_seconds": 1})
        async with running(first, deployment, settings):
            await until(lambda: first.executed)
            broker.set_down()
            gate.set()
        broker.set_up()
        async with running(second, deployment, settings):
            assert await bench.answers(1) == {"1": ("ok", None)}
        assert not second.executed, "it was done and recorded"
        bench.close()
