"""How many distributions a second the ACD's floor makes on one Redis: `python -m bench.acd`.

1,000 contacts wait, 200 agents work; each round a contact comes, an agent ends one, is offered the next and accepts it: three scripts that
change something, and one that looks. First one client, then several at once; Redis is one of its own. Since Redis works in one thread, its
processor time says how many it could do where nothing else has the machine.
"""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from redis.asyncio import Redis

from connectors.acd.floor.agent import Agent
from connectors.acd.floor.contact import Contact, QueueEntry
from connectors.acd.floor.floor import Floor
from connectors.acd.settings import AcdSettings
from schemas.deployment import Deployment
from smart_routing.embedded import EmbeddedRedis

WAITING: Final = 1_000
AGENTS: Final = 200
QUEUES: Final = 10
SECONDS: Final = 10.0
SKILLS: Final = ("french", "german")


class Load:
    """A floor with so many who wait and work, and what is measured on it."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._numbers = count()
        self.milliseconds: list[float] = []

    async def prepare(self) -> None:
        """Fill the floor."""
        agents = [
            Agent(
                f"agent{number}",
                f"Agent {number}",
                skills=SKILLS[: number % 3],
                queues=(f"q{number % QUEUES}", f"q{(number + 1) % QUEUES}"),
            )
            for number in range(AGENTS)
        ]
        await self._floor.renew_roster(agents)
        for agent in agents:
            await self._floor.set_presence(agent.reference, "available")
        for _ in range(WAITING + AGENTS):
            await self._come()
        for agent in agents:
            for contact in (await self._floor.desk(agent.reference))["contacts"]:
                await self._floor.accept(contact["id"], agent.reference)

    async def work(self, agents: range, until: float) -> None:
        """Have these agents end, be offered and accept, one after the other."""
        while time.monotonic() < until:
            for number in agents:
                user = f"agent{number}"
                held = (await self._floor.desk(user))["contacts"]
                began = time.perf_counter()
                await self._come()
                for contact in held:
                    if contact["state"] == "offered":
                        await self._floor.accept(contact["id"], user)
                    await self._floor.end(contact["id"], user, "done")
                self.milliseconds.append((time.perf_counter() - began) * 1000)
                if time.monotonic() >= until:
                    return

    async def _come(self) -> None:
        number = next(self._numbers)
        contact = Contact(
            f"c{number}", f"conversation {number}", "web_chat", "demo", {"name": "Ada", "locale": "en-GB", "message": "hello"}
        )
        queue = QueueEntry(f"q{number % QUEUES}", SKILLS[number % 2 :][:1] if number % 4 == 0 else ())
        await self._floor.distribute_to_queue(contact, [queue], group=None, prioritize=number % 20 == 0)


@asynccontextmanager
async def floor_on(redis: EmbeddedRedis) -> AsyncIterator[tuple[Floor, Redis]]:
    """Give a floor on a Redis."""
    async with Redis.from_url(redis.url) as client:
        await client.flushall()
        yield Floor(client, Deployment(redis_url=redis.url), AcdSettings(offer_seconds=600)), client


async def measure(clients: int) -> None:
    """Measure with so many clients at once, and say what came of it."""
    program = shutil.which("redis-server")
    with EmbeddedRedis(executable=Path(program) if program else None) as server:
        async with floor_on(server) as (floor, client):
            load = Load(floor)
            await load.prepare()
            share = AGENTS // clients
            before = await processor_seconds(client)
            until = time.monotonic() + SECONDS
            await asyncio.gather(*(load.work(range(index * share, (index + 1) * share), until) for index in range(clients)))
            spent = (await processor_seconds(client) - before) / len(load.milliseconds)
        slowest = quantiles(load.milliseconds, n=100)[98]
        print(
            f"{clients:>3} clients: {len(load.milliseconds) / SECONDS:,.0f} distributions/s, p50 {median(load.milliseconds):.1f} ms,"
            f" p99 {slowest:.1f} ms; {spent * 1e6:.0f} µs of Redis's processor each: at most {1 / spent:,.0f}/s"
        )


async def processor_seconds(client: Redis) -> float:
    """Return what Redis has used of its processor."""
    used = await client.info("cpu")
    return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])


if __name__ == "__main__":
    print(f"{WAITING:,} waiting, {AGENTS} agents, {QUEUES} queues; load of the machine at the start {os.getloadavg()[0]:.1f}")
    for at_once in (1, 8):
        asyncio.run(measure(at_once))
