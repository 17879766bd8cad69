"""A connector that is killed between doing and recording."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager

from aiohttp import web
from redis.asyncio import Redis

from connectors.messaging.connector import MessagingConnector
from connectors.messaging.transcript import Transcript
from connectors.run import run_connectors
from tests.connectors.command_bench import PATIENCE_SECONDS, QUICK, around, in_seconds, running, until
from tests.connectors.probe import Probe

SETTINGS = QUICK.model_copy(update={"session_seconds": 1.5})
HELLO = {"text": "hello"}


@asynccontextmanager
async def program(deployment, settings, *arguments):
    """Run a Python program in a process of its own, and kill it in the end."""
    environment = {**os.environ, **deployment.to_environment(), **settings.to_environment(), "PYTHONPATH": "."}
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment, stdout=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            os.kill(process.pid, signal.SIGKILL)
        await process.wait()


async def kill_between_doing_and_recording(bench):
    bench.send("SendMessage", HELLO, command_id="1")
    async with program(bench.deployment, SETTINGS, "-m", "tests.connectors.doomed", "messaging", "SendMessage") as process:
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await process.stdout.readline() == b"done, not recorded\n"


async def test_an_idempotent_command_is_executed_again_and_has_one_effect(bench):
    await kill_between_doing_and_recording(bench)
    async with running(MessagingConnector(around(bench.deployment, SETTINGS)), bench.deployment, SETTINGS):
        assert await bench.answers(1) == {"1": ("ok", None)}
    async with Redis.from_url(bench.deployment.redis_url) as redis:
        said, _ = await Transcript(redis, bench.deployment.topic_prefix, 60).read("c1")
    assert [message.json for message in said] == ['{"from": "flow", "text": "hello", "choices": []}']


async def test_any_other_command_is_answered_unknown_and_not_executed_again(bench):
    await kill_between_doing_and_recording(bench)
    probe = Probe()
    bench.send("SendMessage", HELLO, command_id="2")
    async with running(probe, bench.deployment, SETTINGS):
        assert await bench.answers(2) == {"1": ("unknown", "interrupted"), "2": ("ok", None)}
    assert probe.executed == {"2": 1}


async def test_a_call_whose_connector_was_killed_is_repeated_with_the_same_idempotency_key(web_bench):
    """The whole program, as an operator runs it."""
    keys, gate = [], asyncio.Event()

    async def serve(request):
        keys.append(request.headers["Idempotency-Key"])
        await gate.wait()
        return web.json_response({"number": 7})

    application = web.Application()
    application.router.add_post("/", serve)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    call = {
        "service": "orders",
        "method": "POST",
        "url": f"http://127.0.0.1:{runner.addresses[0][1]}/",
        "headers": {},
        "inputs": [],
        "outputs": [{"name": "number", "language": "jsonpath", "path": "$.number", "type": "number"}],
        "timeout_ms": 30_000,
    }
    settings = SETTINGS.model_validate({**SETTINGS.model_dump(), "allowed_networks": "127.0.0.1"})
    web_bench.send("CallWebService", call, command_id="c1-1-1", deadline=in_seconds(30))
    try:
        async with program(web_bench.deployment, settings, "-m", "smart_routing", "connectors", "run", "web_service"):
            await until(lambda: keys)
        gate.set()
        stop = asyncio.Event()
        next_one = asyncio.create_task(run_connectors(around(web_bench.deployment, settings), ["web_service"], stop))
        (answer,) = await web_bench.responses(1)
        stop.set()
        await next_one
    finally:
        gate.set()
        await runner.cleanup()
    assert (answer["outcome"], answer["values"]) == ("ok", {"number": "7"})
    assert keys == ["c1-1-1", "c1-1-1"]
