"""The demo's agent, at a served office on a real Redis."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from connectors.acd.floor.agent import Agent
from connectors.acd.floor.contact import Contact, QueueEntry
from connectors.acd.floor.floor import Floor
from connectors.acd.office import mount
from connectors.acd.settings import AcdSettings
from connectors.framework.ending import end
from processor.runtime.simulator.script import Script
from schemas.deployment import Deployment
from smart_routing.demo_agent import DemoAgent
from tests.connectors.office.office_bench import TOKEN, serving_office

SCRIPT = """
{"rules": [
  {"command": "DistributeToQueue", "action": "office", "answer": [
    {"outcome": "queued"}, {"outcome": "accepted", "after": "50ms"}, {"agent": "Good morning"}]},
  {"command": "DistributeToQueue", "action": "spam", "answer": {"outcome": "dissuasion_by_user"}},
  {"command": "DistributeToQueue", "action": "lost", "answer": [
    {"outcome": "accepted"}, {"outcome": "unprocessed", "reason": "customer_left"}]},
  {"command": "DistributeToUser", "answer": {"outcome": "no_response"}},
  {"command": "RelayMessage", "nth": 1, "answer": {"agent": "I see"}},
  {"command": "RelayMessage", "nth": 2, "answer": [{"agent": "Goodbye"}, {"outcome": "processed"}]}
]}
"""


@asynccontextmanager
async def working(url, *, published=True):
    deployment = Deployment(redis_url=url)
    programs = f'robot: {{token: "{TOKEN}", roles: [agent], user: petra}}'
    async with Redis.from_url(url) as redis:
        floor = Floor(redis, deployment, AcdSettings())
        petra = [Agent("petra", "Petra", queues=("support",), capacity=5)]
        if published:
            await floor.renew_roster(petra)
        async with serving_office(deployment, [mount], SMART_ROUTING_OFFICE_PROGRAMS=programs) as client:
            rules = Script.model_validate_json(SCRIPT).rules
            agent = asyncio.create_task(DemoAgent(client().address, TOKEN, {"main": rules}).run())
            try:
                if not published:
                    await asyncio.sleep(0.6)
                    await floor.renew_roster(petra)
                async with asyncio.timeout(20):
                    while (await floor.desk("petra"))["presence"] != "available":  # noqa: ASYNC110 - it is Redis's
                        await asyncio.sleep(0.02)
                yield floor, redis
            finally:
                await end(agent)


async def call(floor, contact, *, flow="main", action="office"):
    customer = {"name": "Ada", "locale": None, "message": "hello"}
    await floor.distribute_to_queue(
        Contact(contact, contact, "web_chat", "demo", customer, flow, action), [QueueEntry("support")], group=None, prioritize=False
    )


async def told(floor, redis, last):
    """Wait until this was told, and return all that was."""
    async with asyncio.timeout(20):
        while True:
            entries = [json.loads(fields[b"datum"]) for _, fields in await redis.xrange(floor.outbox)]
            said = [datum.get("text", datum.get("outcome")) for datum in entries]
            if last in said:
                return said
            await asyncio.sleep(0.02)


async def test_he_says_what_the_flow_s_script_has_agents_say(redis_server):
    async with working(redis_server.url) as (floor, redis):
        await call(floor, "c1")
        await told(floor, redis, "Good morning")
        for number, answer in enumerate(("I see", "Goodbye")):
            await floor.relay("c1", f"m{number}", {"text": "well", "media": [], "choice": None})
            await told(floor, redis, answer)
        assert await told(floor, redis, "processed") == ["accepted", "Good morning", "I see", "Goodbye", "processed"]


@pytest.mark.parametrize(("action", "last"), [("spam", "dissuasion_by_user"), ("lost", "unprocessed")])
async def test_he_ends_as_the_script_says(redis_server, action, last):
    async with working(redis_server.url) as (floor, redis):
        await call(floor, "c1", action=action)
        await told(floor, redis, last)


async def test_he_declines_what_the_script_has_nobody_take(redis_server):
    async with working(redis_server.url) as (floor, redis):
        contact = Contact("u1", "u1", "web_chat", "demo", {"name": None, "locale": None, "message": ""}, "main", "ask")
        await floor.distribute_to_user(contact, "petra", 60_000)
        await told(floor, redis, "no_response")


async def test_without_a_script_he_is_friendly_all_the_same(redis_server):
    async with working(redis_server.url, published=False) as (floor, redis):
        await call(floor, "c1", flow="another")
        await told(floor, redis, "Hello, a person at last! I have read what you wrote. What can I do for you?")
        await floor.relay("c1", "m1", {"text": "help", "media": [], "choice": None})
        await told(floor, redis, "Done: it is taken care of. Anything else?")
        await floor.relay("c1", "m2", {"text": "no", "media": [], "choice": None})
        assert (await told(floor, redis, "processed"))[-2] == "Gladly. Goodbye!"
