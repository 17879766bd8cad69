"""The ACD's connector, on a real Kafka and Redis, with agents at the office's API."""

import asyncio

from redis.asyncio import Redis

from connectors.acd.connector import AcdConnector
from connectors.framework.customers import PreferredAgents, customer_key
from tests.connectors.command_bench import QUICK, around, running
from tests.connectors.conftest import KEY
from tests.connectors.contacts.journal_bench import now


async def test_a_contact_goes_from_the_queue_to_its_end(acd):
    async with acd.at_work("anna") as (anna,):
        acd.to_queue("c1", headers={"traceparent": b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
        assert await acd.answer("c1") == ("offered", None)
        acd.relay("r1", "c1", "are you there?")
        assert await acd.answer("r1") == ("ok", None)
        await anna.do("c1", "accept")
        assert await acd.answer("c1") == ("accepted", None)
        for number in range(20):
            await anna.do("c1", "messages", {"id": f"m{number}", "text": f"text {number}"})
        wrote = [await acd.wrote("c1") for _ in range(20)]
        assert [record["text"] for record in wrote] == [f"text {number}" for number in range(20)]
        assert (wrote[0]["agent"], len({record["message_id"] for record in wrote})) == ("anna", 20)
        assert (await anna.texts("c1"))[:3] == ["hello", "are you there?", "text 0"]
        await anna.do("c1", "end", {"how": "done"})
        assert await acd.answer("c1") == ("processed", None)
        acd.relay("r2", "c1", "thank you")
        assert await acd.answer("r2") == ("error", "unknown_distribution")


async def test_what_no_definition_has_is_not_found(acd):
    acd.publish("user", "zoe", active=False)
    async with acd.at_work("anna"):
        acd.to_queue("c1", "nowhere")
        assert await acd.answer("c1") == ("reference_not_found", "unknown_queue")
        acd.to_queue("c2", "nowhere", "support", group="g")
        assert await acd.answer("c2") == ("offered", None)
        acd.to_user("u1", "nobody")
        assert await acd.answer("u1") == ("reference_not_found", "unknown_user")
        acd.to_user("u2", "zoe")
        assert await acd.answer("u2") == ("error", "inactive_user")
        acd.publish("queue", "later")
        acd.publish("user", "lea", queues=["later"])
        acd.to_user("u3", "lea")
        assert await acd.answer("u3") == ("no_response", "away")
        acd.to_queue("c3", "later")
        assert await acd.answer("c3") == ("overflow_no_user", "no_user")


async def test_the_preferred_agent_is_the_one_who_is_recorded_on_the_customer(acd):
    async with acd.at_work("anna") as (anna,):
        acd.to_user("u1", None)
        assert await acd.answer("u1") == ("no_preferred_agent", None)
        acd.to_user("u0", None, address="")
        assert await acd.answer("u0") == ("error", "refused")
        customer = customer_key("web_chat", "demo", "of-u2", key=KEY)
        await PreferredAgents(acd.redis, acd.deployment).record(customer, "anna", now())
        acd.to_user("u2", None)
        assert await acd.answer("u2") == ("offered", None)
        assert await anna.do("u2", "accept") == 200


async def test_the_same_command_twice_is_one_contact(acd):
    async with acd.at_work("anna") as (anna,):
        for _ in range(2):
            acd.to_queue("c1")
        assert [await acd.answer("c1"), await acd.answer("c1")] == [("offered", None)] * 2
        assert len(await anna.contacts()) == 1


async def test_deadlines_hold_over_a_restart_of_everything(acd):
    async with acd.at_work("anna") as (anna,):
        await anna.become("away")
        acd.to_queue("c1", {"reference": "support", "maximum_wait_sec": 2})
        assert await acd.answer("c1") == ("queued", None)
    await asyncio.sleep(2.1)
    async with acd.at_work("anna"):
        assert await acd.answer("c1", "dissuasion_maximum_wait") == ("dissuasion_maximum_wait", None)


async def test_what_was_to_be_told_is_told_after_kafka_was_away(acd):
    """The outbox is written with the fact: who sends it may come later."""
    async with acd.at_work("anna"):
        acd.to_queue("c1")
        await acd.answer("c1")
    await acd.floor.accept("c1", "anna")
    await acd.floor.write("c1", "anna", "m1", "Good morning")
    await acd.floor.end("c1", "anna", "done")
    async with acd.at_work("anna"):
        assert await acd.answer("c1") == ("accepted", None)
        assert (await acd.wrote("c1"))["text"] == "Good morning"
        assert await acd.answer("c1") == ("processed", None)
        async with asyncio.timeout(10):
            while await acd.redis.xlen(acd.floor.outbox):  # noqa: ASYNC110 - it is Redis's
                await asyncio.sleep(0.02)


async def test_two_connectors_tell_everything_in_order(acd):
    async with acd.at_work("anna") as (anna,), running(AcdConnector(around(acd.deployment, QUICK, **acd.environment)), acd.deployment):
        acd.to_queue("c1")
        await acd.answer("c1")
        await anna.do("c1", "accept")
        for number in range(30):
            await anna.do("c1", "messages", {"id": f"m{number}", "text": str(number)})
        seen: dict[str, str] = {}
        while len(seen) < 30:
            wrote = await acd.wrote("c1")
            seen.setdefault(wrote["message_id"], wrote["text"])
        assert list(seen.values()) == [str(number) for number in range(30)]


async def test_redis_away_for_a_while_loses_nothing(acd, redis_server):
    async with acd.at_work("anna") as (anna,):
        await anna.become("away")
        async with Redis.from_url(redis_server.url) as other:
            await other.client_pause(1500)  # answers nobody
        acd.to_queue("c1")
        assert await acd.answer("c1") == ("queued", None)
        await anna.become("available")
        await anna.until_offered("c1")


async def test_a_redis_that_lost_everything_is_told_again_who_the_agents_are_and_what_queues_are_called(acd):
    async with acd.at_work("anna") as (anna,):
        await acd.redis.flushall()
        await anna.become("available")
        acd.to_queue("c1")
        assert await acd.answer("c1") == ("offered", None)
        assert [contact["queue_name"] for contact in await anna.contacts()] == ["Support"]


async def test_taking_back_reaches_the_agent(acd):
    async with acd.at_work("anna") as (anna,):
        acd.to_queue("c1")
        await acd.answer("c1")
        await anna.do("c1", "accept")
        acd.cancel("x1", "c1")
        assert await acd.answer("x1") == ("ok", None)
        assert await anna.do("c1", "messages", {"id": "m1", "text": "still there?"}) == 409
        acd.cancel("x2", "c1")
        acd.cancel("x3", "never-begun")
        assert [await acd.answer("x2"), await acd.answer("x3")] == [("ok", None)] * 2
        acd.to_queue("never-begun")
        assert await acd.answer("never-begun") == ("unprocessed", "cancelled")


async def test_without_a_key_there_is_no_telling_who_is_preferred(acd):
    acd.deployment = acd.deployment.model_copy(update={"conversation_key": None})
    async with acd.at_work("anna"):
        acd.to_user("u1", None)
        assert await acd.answer("u1") == ("error", "not_configured")
        acd.to_user("u2", "anna")
        assert await acd.answer("u2") == ("offered", None)
