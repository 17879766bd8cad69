"""What the ACD has to tell, sent in the face of failures."""

import asyncio
import json

from redis.asyncio import Redis

from connectors.acd.outbox import OutboxRelay
from tests.connectors.acd.acd_bench import AcdBench
from tests.connectors.command_bench import PATIENCE_SECONDS, QUICK, around

STREAM = "outbox"


async def test_a_store_that_refuses_for_a_while_does_not_end_the_relay(acd: AcdBench) -> None:
    datum = {"command_id": "d1", "message_id": "m1", "agent": "anna", "text": "hello", "at": 1}
    await acd.redis.xadd(STREAM, {"conversation": "c1", "schema": "agent_wrote", "datum": json.dumps(datum), "trace": ""})
    await acd.redis.acl_setuser("relay", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-xdel"])
    redis = Redis.from_url(acd.deployment.redis_url, username="relay")
    relay = OutboxRelay(redis, STREAM, around(acd.deployment, QUICK))
    await relay.open()
    try:
        assert (await acd.wrote("d1"))["text"] == "hello"
        assert (await acd.wrote("d1"))["text"] == "hello", "what cannot be removed is sent again"
        await acd.redis.acl_setuser("relay", commands=["+xdel"])
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await acd.redis.xlen(STREAM):  # noqa: ASYNC110 - it is Redis's
                await asyncio.sleep(0.05)
    finally:
        await relay.close()
        await redis.aclose()
        await acd.redis.aclose()
