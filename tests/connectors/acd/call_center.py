"""A floor on a real Redis, with a clock that the test moves."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

from connectors.acd.floor.agent import Agent
from connectors.acd.floor.contact import Answer, Contact, QueueEntry
from connectors.acd.floor.floor import Floor
from connectors.acd.settings import AcdSettings
from schemas.deployment import Deployment

SETTINGS = AcdSettings(offer_seconds=20, ask_again_seconds=30, misses=2, handling_seconds=100, away_seconds=45, absence_seconds=600)
MONDAY = 1_772_442_000.0


class CallCenter:
    """Says what happens in few words, and tells what went to the outbox."""

    def __init__(self, redis: Redis, settings: AcdSettings = SETTINGS) -> None:
        self.redis: Any = redis  # with its answers in bytes, which redis-py's types do not know
        self.now = MONDAY
        self.floor = Floor(redis, Deployment(), settings, clock=lambda: self.now)
        self.agents: dict[str, Agent] = {}

    async def hire(self, name: str, *queues: str, available: bool = True, **more: Any) -> None:
        self.agents[name] = Agent(name, name.title(), queues=queues or ("support",), **more)
        await self.floor.renew_roster(self.agents.values())
        if available:
            await self.floor.set_presence(name, "available")

    async def call(self, contact: str, *queues: str | QueueEntry, prioritize: bool = False, group: str | None = None) -> Answer:
        entries = [queue if isinstance(queue, QueueEntry) else QueueEntry(queue) for queue in queues or ("support",)]
        return await self.floor.distribute_to_queue(contact_of(contact), entries, group=group, prioritize=prioritize)

    async def call_user(self, contact: str, user: str, timeout_ms: int = 60_000) -> Answer:
        return await self.floor.distribute_to_user(contact_of(contact), user, timeout_ms)

    async def pass_seconds(self, seconds: float, *present: str) -> None:
        """Time passes; the desks of those who are present (of all, where none is named) show signs of life."""
        self.now += seconds
        for user in present or self.agents:
            if user in self.agents:
                await self.floor.heard(user)
        while (await self.floor.tick()).done:
            pass

    async def offers(self, user: str) -> list[str]:
        return [contact["id"] for contact in (await self.floor.desk(user))["contacts"] if contact["state"] == "offered"]

    async def conversations(self, user: str) -> list[str]:
        return [contact["id"] for contact in (await self.floor.desk(user))["contacts"] if contact["state"] == "accepted"]

    async def presence(self, user: str) -> str:
        return str((await self.floor.desk(user))["presence"])

    async def told(self, contact: str | None = None) -> list[tuple[str, ...]]:
        """What went out: outcome and reason of responses, texts of agents."""
        found: list[tuple[str, ...]] = []
        for _, fields in await self.redis.xrange(self.floor.outbox):
            datum = json.loads(fields[b"datum"])
            if contact is None or datum["command_id"] == contact:
                said = (datum["text"],) if fields[b"schema"] == b"agent_wrote" else (datum["outcome"], *filter(None, [datum.get("reason")]))
                found.append(said if contact is not None else (datum["command_id"], *said))
        return found


def contact_of(name: str, message: str = "hello") -> Contact:
    return Contact(name, f"conversation of {name}", "web_chat", "demo", {"name": "Ada", "locale": "en-GB", "message": message})


@asynccontextmanager
async def open_center(url: str, settings: AcdSettings = SETTINGS) -> AsyncIterator[CallCenter]:
    async with Redis.from_url(url) as redis:
        yield CallCenter(redis, settings)
