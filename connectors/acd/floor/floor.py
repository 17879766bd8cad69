"""The floor of one deployment: each method is one atomic step in Redis."""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from redis.asyncio import Redis

from connectors.acd.floor.agent import Agent
from connectors.acd.floor.contact import Answer, Contact, QueueEntry
from connectors.acd.settings import AcdSettings
from schemas.deployment import Deployment

Presence = Literal["available", "away", "signed_out"]
Ending = Literal["done", "customer_left", "closed"]
Closing = Literal["dissuasion", "closed"]

_FOLDER: Final = Path(__file__).parent
_RULES: Final = (_FOLDER / "rules.lua").read_text(encoding="utf-8")
_REDIS_CLOCK: Final = -1
_KEYS_AT_ONCE: Final = 1_000
_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


class FloorRefused(Exception):
    """The floor does not do it; its `why` says why not.

    - `not_yours`: there is no such contact, or another agent has it;
    - `over`: the contact has ended;
    - `not_offered`, `not_accepted`, `not_waiting`, `not_from_a_queue`: it is in no state for that;
    - `unknown_distribution`, `unknown_user`, `inactive_user`;
    - `conversations_open`: an agent with conversations cannot sign out.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Ticked:
    """How many timers were due, and after how many seconds the next one is; None where there is none."""

    done: int
    next_seconds: float | None


class Floor:
    """Contacts, agents and who is offered what. Methods raise FloorRefused, and RedisError where Redis does not answer."""

    def __init__(self, redis: Redis, deployment: Deployment, settings: AcdSettings, clock: Callable[[], float] | None = None) -> None:
        """Prepare; `clock` gives epoch seconds, by default Redis's own clock counts."""
        # The braces put all keys in one slot of a Redis cluster (cluster specification, hash tags).
        self.prefix: Final = f"{{{deployment.topic_prefix}acd}}:"
        self.news: Final = f"{self.prefix}news"
        """The Redis channel on which an agent's reference is published when his desk has changed, and nothing when a queue has."""
        self.outbox: Final = f"{self.prefix}outbox"
        self._redis = redis
        self._clock = clock
        self._settings = json.dumps(
            {
                "offer_ms": int(settings.offer_seconds * 1000),
                "again_ms": int(settings.ask_again_seconds * 1000),
                "misses": settings.misses,
                "away_ms": int(settings.away_seconds * 1000),
                "absence_ms": int(settings.absence_seconds * 1000),
                "handling_ms": int(settings.handling_seconds * 1000),
                "handling_weight": settings.handling_weight,
                "keep_ms": int(settings.keep_seconds * 1000),
            }
        )
        self._scripts = {
            path.stem: redis.register_script(f"{_RULES}\n{path.read_text(encoding='utf-8')}")
            for path in sorted(_FOLDER.glob("*.lua"))
            if path.stem != "rules"
        }

    # The connector's side.

    async def distribute_to_queue(self, contact: Contact, queues: Iterable[QueueEntry], *, group: str | None, prioritize: bool) -> Answer:
        """Take a contact into the queues that do not overflow, and ask an agent where one is free. A repeated id is answered the same."""
        asked = {"kind": "queue", "queues": [queue.to_document() for queue in queues], "group": group or "", "prioritize": prioritize}
        return await self._distribute(contact, asked)

    async def distribute_to_user(self, contact: Contact, user: str, timeout_ms: int) -> Answer:
        """Ask one agent, now or as soon as he has room, for so long at most. A repeated id is answered the same."""
        return await self._distribute(contact, {"kind": "user", "user": user, "timeout_ms": timeout_ms, "prioritize": False})

    async def relay(self, contact: str, message_id: str, message: Mapping[str, Any]) -> None:
        """Show the agent what the customer wrote."""
        await self._run("relay", contact, message_id, _json(message))

    async def cancel(self, contact: str) -> None:
        """Take a contact back, wherever it is; nothing is told of it from then on."""
        await self._run("cancel", contact)

    async def renew_roster(self, agents: Iterable[Agent], queues: Mapping[str, str] = _NO_NAMES) -> None:
        """Make these the agents, and these the queues: reference → name for people. Who is gone finishes what he has."""
        await self._run("roster", _json([agent.to_document() for agent in agents]), _json(dict(queues)))

    async def knows_roster(self) -> bool:
        """Whether there is one: a Redis that has lost everything has none."""
        return bool(await self._redis.exists(f"{self.prefix}defined"))

    async def tick(self) -> Ticked:
        """Do what is due: offers that nobody took, waits that lasted too long, desks that were not heard of."""
        said = await self._run("tick")
        return Ticked(said["done"], None if said["next"] < 0 else said["next"] / 1000)

    # The agents' side.

    async def set_presence(self, user: str, presence: Presence) -> None:
        """An agent is there, away for a while, or gone."""
        await self._run("presence", user, presence)

    async def heard(self, user: str) -> None:
        """An agent's desk shows a sign of life."""
        await self._run("heard", user)

    async def accept(self, contact: str, user: str) -> None:
        """Take what one is offered."""
        await self._run("accept", contact, user)

    async def decline(self, contact: str, user: str) -> None:
        """Leave what one is offered to others."""
        await self._run("decline", contact, user)

    async def turn_away(self, contact: str, user: str) -> None:
        """Turn the customer away whom one is offered from a queue."""
        await self._run("turn_away", contact, user)

    async def write(self, contact: str, user: str, message_id: str, text: str) -> None:
        """Write to the customer; `message_id` is the desk's own, and a repeated one has no effect."""
        await self._run("write", contact, user, message_id, text)

    async def end(self, contact: str, user: str, how: Ending) -> None:
        """End a contact that one has."""
        await self._run("finish", contact, user, how)

    async def desk(self, user: str) -> dict[str, Any]:
        """Return what an agent sees: himself, his offers and conversations, the last ones that are over, his queues."""
        desk = await self._run("desk", user)
        contacts = sorted(desk["contacts"], key=lambda contact: (contact["entered"], contact["id"]))
        return {**desk, "contacts": contacts, "recent": list(desk["recent"])[::-1], "queues": list(desk["queues"])}

    async def conversation(self, contact: str, user: str, after: int = 0) -> dict[str, Any]:
        """Return what was written in a contact of an agent's, after message number `after`."""
        found = await self._run("conversation", contact, user, after)
        # Lua writes an empty list as an empty object.
        messages = [{"choice": None, **message, "media": list(message.get("media", ()))} for message in found["messages"]]
        return {**found, "messages": messages}

    # The supervisors' side.

    async def close(self, contact: str, how: Closing) -> None:
        """End a contact: turned away from its queue before an agent has it, or closed."""
        await self._run("close", contact, how)

    async def board(self) -> dict[str, Any]:
        """Return queues with who waits in them, and agents."""
        board = await self._run("board")
        queues = [{**queue, "contacts": list(queue["contacts"])} for queue in board["queues"]]
        agents = [{**agent, "queues": list(agent["queues"])} for agent in board["agents"]]
        return {
            **board,
            "queues": sorted(queues, key=lambda queue: queue["queue"]),
            "agents": sorted(agents, key=lambda agent: agent["name"]),
        }

    # The audit's side.

    async def contacts(self) -> AsyncIterator[tuple[str, str | None, int]]:
        """Give each contact that is known: its id, its outcome where it has ended, and when it came, epoch ms."""
        beginning = f"{self.prefix}contact:"
        async for key in self._redis.scan_iter(f"{beginning}*", count=_KEYS_AT_ONCE):
            found: Any = await self._redis.hmget(key, ["outcome", "entered"])
            outcome, came = found
            if came is not None:  # else it was forgotten meanwhile, or taken back before it came
                yield key.decode().removeprefix(beginning), None if outcome is None else outcome.decode(), int(came)

    async def _distribute(self, contact: Contact, asked: dict[str, Any]) -> Answer:
        said = await self._run("distribute", _json({**contact.to_document(), **asked}))
        return Answer(said["outcome"], said["reason"] or None, said["detail"] or None)

    async def _run(self, script: str, *args: str | int) -> Any:
        now = _REDIS_CLOCK if self._clock is None else int(self._clock() * 1000)
        said = json.loads(await self._scripts[script](keys=[self.prefix], args=[now, self._settings, *args]))
        if "refused" in said:
            raise FloorRefused(said["refused"])
        return said


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
