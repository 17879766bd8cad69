"""Those who sit at the desks of the demo's agents until the visitor does."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from connectors.framework.ending import end
from smart_routing.demo_agent import DemoAgent
from smart_routing.demo_settings import DemoSettings
from smart_routing.example import examples


class StandIns:
    """A stand-in for each agent. One whose desk the visitor opens stands back for good: an agent is one person."""

    def __init__(self, working: Mapping[str, asyncio.Task[None]]) -> None:
        self._working = working

    async def stand_back(self, agent: str) -> None:
        """Leave an agent's desk to the visitor."""
        if agent in self._working:
            await end(self._working[agent])


@asynccontextmanager
async def standing_in(office_url: str, demo: DemoSettings) -> AsyncIterator[StandIns]:
    """Have every agent's desk attended; they say what the examples' scripts have agents say."""
    scripts = {flow: rules for example in examples() for rules in [example.rules()] for flow in example.flows}
    working = {agent: asyncio.create_task(DemoAgent(office_url, demo.token_of(agent), scripts).run()) for agent in demo.agents}
    try:
        yield StandIns(working)
    finally:
        await end(*working.values())
