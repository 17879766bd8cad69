"""Connectors of the ACD that are killed (kill -9) in the middle of things."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager

from connectors.acd.office import mount
from tests.connectors.acd.acd_bench import Desk
from tests.connectors.command_bench import PATIENCE_SECONDS, QUICK
from tests.connectors.office.office_bench import serving_office

SETTINGS = QUICK.model_copy(update={"session_seconds": 1.5})
MESSAGES = 40


@asynccontextmanager
async def program(acd, *arguments):
    """Run a Python program in a process of its own, and kill it in the end."""
    environment = {
        **os.environ,
        **acd.deployment.to_environment(),
        **SETTINGS.to_environment(),
        **acd.environment,
        "PYTHONPATH": ".",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment, stdout=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            os.kill(process.pid, signal.SIGKILL)
        await process.wait()


async def test_a_distribution_whose_connector_was_killed_is_one_distribution(acd):
    acd.to_queue("c1")
    async with program(acd, "-m", "tests.connectors.doomed", "acd", "DistributeToQueue") as process:
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await process.stdout.readline() == b"done, not recorded\n"
    assert (await acd.redis.hget(f"{acd.floor.prefix}contact:c1", "first_outcome")) == b"overflow_no_user"
    async with acd.at_work("anna"):
        # Somebody is there now; but this command was answered before, and so it is.
        assert await acd.answer("c1") == ("overflow_no_user", "no_user")
        assert await acd.redis.keys(f"{acd.floor.prefix}contact:*") == [f"{acd.floor.prefix}contact:c1".encode()]


async def test_what_agents_write_while_connectors_are_killed_arrives_whole_and_in_order(acd):
    """The whole program, as an operator runs it; the office goes on meanwhile."""
    run = ("-m", "smart_routing", "connectors", "run", "acd")
    programs = "anna: {token: 'a token of the agent anna', roles: [agent]}"
    async with serving_office(acd.deployment, [mount], SMART_ROUTING_OFFICE_PROGRAMS=programs, **acd.environment) as client:
        anna = Desk(client("a token of the agent anna"), "anna")

        async def write(first):
            for number in range(first, first + MESSAGES // 2):
                assert await anna.do("c1", "messages", {"id": f"m{number}", "text": str(number)}) == 202
            await acd.wrote("c1")  # the connector is at it when it is killed

        async with program(acd, *run):
            async with asyncio.timeout(2 * PATIENCE_SECONDS):  # the program has much to import
                while not await acd.redis.exists(f"{acd.floor.prefix}user:anna"):  # noqa: ASYNC110 - it is Redis's
                    await asyncio.sleep(0.1)
            await anna.become("available")
            acd.to_queue("c1")
            assert await acd.answer("c1") == ("offered", None)
            await anna.do("c1", "accept")
            assert await acd.answer("c1") == ("accepted", None)
            await write(0)
        async with program(acd, *run):
            await write(MESSAGES // 2)
        await anna.do("c1", "end", {"how": "done"})
        async with program(acd, *run):
            assert await acd.answer("c1", "processed") == ("processed", None)
    texts = [datum["text"] for name, datum in acd.heard if name == "agent_wrote"]
    assert len(set(texts)) >= MESSAGES - 2, "two were looked at before"
    first = [int(text) for text in dict.fromkeys(texts)]
    assert first == sorted(first)
    await acd.redis.aclose()
