"""A connector that does what the test says, and counts."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable

from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.outcome import Outcome

Behaviour = Callable[[Context], Awaitable[Outcome | None]]


class Probe(Connector):
    """Of the messaging family: SendMessage is not idempotent here, CheckImage is."""

    family = "messaging"

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour
        self.executed: Counter[str] = Counter()
        self.order: defaultdict[str, list[str]] = defaultdict(list)
        self.at_once = 0
        self.most_at_once = 0
        self.conversations_at_once: Counter[str] = Counter()
        self.closed = False

    async def close(self) -> None:
        self.closed = True

    @command("SendMessage")
    async def send_message(self, body: Body, context: Context) -> Outcome:
        return await self._execute(context)

    @command("CheckImage", idempotent=True)
    async def check_image(self, body: Body, context: Context) -> Outcome:
        return await self._execute(context)

    async def _execute(self, context: Context) -> Outcome:
        self.executed[context.command_id] += 1
        self.order[context.conversation_id].append(context.command_id)
        self.conversations_at_once[context.conversation_id] += 1
        assert self.conversations_at_once[context.conversation_id] == 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.behaviour is not None and (outcome := await self.behaviour(context)) is not None:
                return outcome
            await asyncio.sleep(0)
            return Outcome.ok(times=str(self.executed[context.command_id]))
        finally:
            self.at_once -= 1
            self.conversations_at_once[context.conversation_id] -= 1
