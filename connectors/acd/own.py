"""Our own ACD: the floor in Redis, its clock, its roster and its outbox."""

import asyncio
from typing import Final

from redis.asyncio import Redis

from connectors.acd.customer import customer_of
from connectors.acd.floor.agent import Agent
from connectors.acd.floor.contact import Answer, Contact, QueueEntry
from connectors.acd.floor.floor import Floor, FloorRefused
from connectors.acd.outbox import OutboxRelay
from connectors.acd.settings import AcdSettings
from connectors.framework.connector import Body
from connectors.framework.context import Context
from connectors.framework.customers import PreferredAgents
from connectors.framework.definitions import Definitions
from connectors.framework.ending import end
from connectors.framework.errors import Refused
from connectors.framework.outcome import Outcome
from connectors.framework.redis_answers import redis_answers
from connectors.framework.repetition import repeat
from connectors.framework.surroundings import Surroundings

_LONGEST_TICK_SECONDS: Final = 0.5
"""Another process may set a timer that is due sooner than what we know of."""
_SHORTEST_TICK_SECONDS: Final = 0.01
_ROSTER_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 2.0


class OwnAcd:
    """Carries commands out on the floor. Any number of processes may do so side by side; each also does what is due."""

    def __init__(self, surroundings: Surroundings, settings: AcdSettings) -> None:
        self._deployment = surroundings.deployment
        self._redis = Redis.from_url(self._deployment.redis_url)
        self._floor = Floor(self._redis, self._deployment, settings)
        self._outbox = OutboxRelay(self._redis, self._floor.outbox, surroundings)
        self._definitions = Definitions(surroundings)
        self._preferred = PreferredAgents(self._redis, self._deployment)
        self._roster: tuple[Agent, ...] | None = None
        self._queues: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Connect, know the agents, and begin to do what is due.

        Raises KafkaError or RedisError.
        """
        await self._definitions.open()
        await self._renew_roster()
        await self._outbox.open()
        self._tasks = [
            repeat(self._tick, longest_pause_seconds=_LONGEST_PAUSE_SECONDS),
            repeat(self._follow_roster, longest_pause_seconds=_LONGEST_PAUSE_SECONDS),
        ]

    async def close(self) -> None:
        """Disconnect; timers go on in the next process."""
        await end(*self._tasks)
        await self._outbox.close()
        await self._definitions.close()
        await self._redis.aclose()

    async def distribute_to_queue(self, body: Body, context: Context) -> Outcome:
        """Find an agent by a queue, or by the queues of a group that there are."""
        entries = QueueEntry.all_of(body["queues"])
        known = [entry for entry in entries if await self._definitions.find("queue", entry.reference) is not None]
        if not known:
            raise Refused(
                "unknown_queue", f"No queue {', '.join(entry.reference for entry in entries)} is in service.", outcome="reference_not_found"
            )
        with redis_answers():
            contact = Contact.of(context, body["customer"])
            answer = await self._floor.distribute_to_queue(contact, known, group=body["queue_group"], prioritize=body["prioritize"])
        return _outcome(answer, taken_back="unprocessed")

    async def distribute_to_user(self, body: Body, context: Context) -> Outcome:
        """Ask the agent who is named, or the customer's preferred one."""
        with redis_answers():
            reference = body["user"] or await self._preferred_agent(context)
            if reference is None:
                return Outcome("no_preferred_agent", detail="No agent is recorded on this customer.")
            document = await self._definitions.find("user", reference)
            if document is None:
                raise Refused("unknown_user", f"No user {reference} is in service.", outcome="reference_not_found")
            agent = Agent.of(document)
            if not agent.active:
                raise Refused("inactive_user", f"User {reference} is not active.")
            if agent not in (self._roster or ()):
                await self._renew_roster()
            return _outcome(
                await self._floor.distribute_to_user(Contact.of(context, body["customer"]), reference, body["timeout_ms"]),
                taken_back="error",
            )

    async def relay_message(self, body: Body, context: Context) -> Outcome:
        """Show the agent what the customer wrote."""
        message = {"text": body["text"], "media": [dict(item) for item in body["media"]], "choice": body["choice"]}
        try:
            with redis_answers():
                await self._floor.relay(body["distribution"], body["message_id"], message)
        except FloorRefused as refused:
            raise Refused(refused.why, "The distribution is over, or there was none.") from None
        return Outcome.ok()

    async def cancel_distribution(self, body: Body, context: Context) -> Outcome:
        """Take a contact back."""
        with redis_answers():
            await self._floor.cancel(body["distribution"])
        return Outcome.ok()

    async def _preferred_agent(self, context: Context) -> str | None:
        return await self._preferred.of(customer_of(context, self._deployment))

    async def _renew_roster(self) -> None:
        roster = tuple(Agent.of(document) for document in await self._definitions.all_of("user"))
        queues = {document["reference"]: document.get("name", "") for document in await self._definitions.all_of("queue")}
        if (roster, queues) != (self._roster, self._queues) or not await self._floor.knows_roster():
            await self._floor.renew_roster(roster, queues)
            self._roster, self._queues = roster, queues

    async def _follow_roster(self) -> None:
        await asyncio.sleep(_ROSTER_SECONDS)
        await self._renew_roster()

    async def _tick(self) -> None:
        ticked = await self._floor.tick()
        soon = _LONGEST_TICK_SECONDS if ticked.next_seconds is None else min(ticked.next_seconds, _LONGEST_TICK_SECONDS)
        await asyncio.sleep(max(soon, _SHORTEST_TICK_SECONDS))


def _outcome(answer: Answer, *, taken_back: str) -> Outcome:
    """Return a distribution's first answer; what was taken back before it came is a failure that nobody waits for."""
    if answer.outcome == "cancelled":
        return Outcome(taken_back, "cancelled", "The distribution was taken back before it came.")
    return Outcome(answer.outcome, answer.reason, answer.detail)
