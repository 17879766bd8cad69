"""Whatever happens on the floor: nobody has too much, nothing is lost, every contact ends once, and who came first goes first."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import pytest

from connectors.acd.floor.contact import QueueEntry
from connectors.acd.floor.floor import FloorRefused, Presence
from tests.connectors.acd.call_center import CallCenter, open_center

SKILLS = ("french", "german")
QUEUES = ("sales", "support", "night")
PRESENCES: tuple[Presence, ...] = ("available", "available", "available", "away", "signed_out")
ENDS = {"processed", "unprocessed", "dissuasion_maximum_wait", "dissuasion_by_user", "dissuasion", "ok", "no_response", "error"}
STEPS = 120


class Life:
    """A random day of a call center, and what must be true after each step."""

    def __init__(self, center: CallCenter, seed: int) -> None:
        self.center = center
        self.random = random.Random(seed)
        self.number = 0
        self.live: set[str] = set()
        self.cancelled: set[str] = set()
        self.accepted: dict[str, str] = {}
        self.trail: list[str] = []
        self.defined: dict[str, float] = {}
        self.floor = Snapshot()

    async def step(self) -> None:
        kinds = (
            ["call"] * 5
            + ["user"]
            + ["accept"] * 4
            + ["end"] * 3
            + ["decline", "turn_away", "cancel", "presence", "time", "time", "roster", "close"]
        )
        kind = self.random.choice(kinds)
        self.trail.append(kind)
        try:
            await getattr(self, kind)()
        except FloorRefused as refused:
            self.trail[-1] += f": {refused.why}"

    async def roster(self):
        name = f"agent{self.random.randrange(6)}"
        self.defined[name] = self.center.now
        await self.center.hire(
            name,
            *self.random.sample(QUEUES, self.random.randint(1, 3)),
            available=False,
            skills=tuple(self.random.sample(SKILLS, self.random.randint(0, 2))),
            capacity=self.random.randint(1, 3),
            active=self.random.random() < 0.9,
        )

    async def presence(self):
        if self.center.agents:
            await self.center.floor.set_presence(self.random.choice(list(self.center.agents)), self.random.choice(PRESENCES))

    async def call(self):
        self.number += 1
        name = f"c{self.number}"
        queues = [
            QueueEntry(
                queue,
                tuple(self.random.sample(SKILLS, self.random.choice([0, 0, 1]))),
                self.random.choice([None, 3]),
                self.random.choice([None, None, 200]),
                self.random.choice([None, 30, 120]),
            )
            for queue in self.random.sample(QUEUES, self.random.choice([1, 1, 2, 3]))
        ]
        answer = await self.center.call(name, *queues, prioritize=self.random.random() < 0.2)
        self.took(name, answer)

    async def user(self):
        self.number += 1
        name = f"u{self.number}"
        self.took(name, await self.center.call_user(name, f"agent{self.random.randrange(6)}", self.random.choice([10_000, 60_000])))

    def took(self, name, answer):
        if answer.outcome in {"queued", "offered"}:
            self.live.add(name)
        else:
            assert answer.outcome.startswith("overflow") or answer.outcome == "no_response"

    def some(self, state):
        found = [(name, of["agent"]) for name, of in sorted(self.floor.contacts.items()) if of["state"] == state]
        return self.random.choice(found) if found else ("none", "nobody")

    async def accept(self):
        contact, agent = self.some("offered")
        rival = self.random.choice([agent] * 5 + ["agent0"])
        await self.center.floor.accept(contact, rival)
        assert rival == agent
        self.accepted[contact] = agent

    async def decline(self):
        await self.center.floor.decline(*self.some("offered"))

    async def turn_away(self):
        await self.center.floor.turn_away(*self.some("offered"))

    async def end(self):
        contact, agent = self.some("accepted")
        await self.center.floor.end(contact, agent, self.random.choice(["done", "customer_left", "closed"]))

    async def close(self):
        if self.live:
            await self.center.floor.close(self.random.choice(sorted(self.live)), self.random.choice(["dissuasion", "closed"]))

    async def cancel(self):
        if self.live:
            contact = self.random.choice(sorted(self.live))
            await self.center.floor.cancel(contact)
            self.live.discard(contact)
            self.cancelled.add(contact)

    async def time(self):
        present = [name for name in self.center.agents if self.random.random() < 0.8]
        await self.center.pass_seconds(self.random.choice([1, 5, 25, 50]), *present or ["nobody"])

    # What must be true.

    async def check(self) -> None:
        floor = self.floor = await Snapshot.of(self.center)
        for name in [name for name in self.live if floor.contacts[name]["state"] == "ended"]:
            assert floor.contacts[name]["outcome"] in ENDS, name
            self.live.discard(name)
        going_on = {name: of for name, of in floor.contacts.items() if of["state"] != "ended"}
        assert set(going_on) == self.live, "nothing is lost, and nothing comes back"
        told: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for name, outcome in floor.told:
            told[name][outcome] += 1
        for name, outcomes in told.items():
            of = floor.contacts[name]
            ends = sum(count for outcome, count in outcomes.items() if outcome in ENDS)
            assert ends <= 1, f"{name} ends once"
            assert ends == (of["outcome"] in ENDS) if of["state"] == "ended" and name not in self.cancelled else True
            assert not ends or name not in self.cancelled
            assert outcomes["accepted"] <= 1
        self.check_agents(floor, going_on)
        self.check_queues(floor, going_on)

    def check_agents(self, floor: "Snapshot", going_on: Mapping[str, Mapping[str, str]]) -> None:
        for name, agent in self.center.agents.items():
            members = set(floor[f"with:{name}"])
            assert members == {contact for contact, of in going_on.items() if of["agent"] == name}
            offered = [contact for contact in members if going_on[contact]["state"] == "offered"]
            for contact in offered:
                of = going_on[contact]
                if of["kind"] == "queue" and int(of["offered"]) > self.defined.get(name, 0) * 1000:
                    (entry,) = [entry for entry in json.loads(of["queues"]) if entry["reference"] == of["queue"]]
                    assert set(entry["skills"]) <= set(agent.skills), "who is asked has the skills"
                    assert of["queue"] in agent.queues, "and serves the queue"
            # A capacity may have been lowered since; nothing was offered beyond it then.
            if any(int(going_on[contact]["offered"]) > self.defined.get(name, 0) * 1000 for contact in offered):
                assert len(members) <= agent.capacity, name
            presence = floor[f"user:{name}"].get("presence", "signed_out")
            assert presence == "available" or not offered, "who is not there is asked nothing"
            assert presence != "signed_out" or not members
            free = agent.active and presence == "available" and len(members) < agent.capacity
            for queue in QUEUES:
                assert (name in floor[f"free:{queue}"]) == (free and queue in agent.queues), (name, queue)
                assert (name in floor[f"signed:{queue}"]) == (agent.active and presence != "signed_out" and queue in agent.queues)

    def check_queues(self, floor: "Snapshot", going_on: Mapping[str, Mapping[str, str]]) -> None:
        for queue in QUEUES:
            assert set(floor[f"queue:{queue}"]) == {
                name
                for name, of in going_on.items()
                if of["state"] != "accepted" and queue in [entry["reference"] for entry in json.loads(of.get("queues", "[]"))]
            }
        for name, of in going_on.items():
            if of["state"] != "waiting":
                continue
            for entry in json.loads(of.get("queues", "[]")):
                assert name in floor[f"line:{entry['line']}"]
                # Whoever could take it has no room, or was asked for it already.
                for free in floor[f"free:{entry['reference']}"]:
                    if set(entry["skills"]) <= set(self.center.agents[free].skills):
                        again = floor[f"asked:{name}"].get(free)
                        assert again is not None, f"{name} waits although {free} is free"
                        assert int(again) > self.center.now * 1000 or self.trail[-1] != "time"
        for key, line in floor.items():
            if key.startswith("line:"):
                for member, rank in line.items():
                    assert going_on[member]["state"] == "waiting"
                    assert int(going_on[member]["rank"]) == int(rank)


class Snapshot(dict[str, dict[str, str]]):
    """The floor's keys without their prefix: hashes as they are, sets as members → nothing, sorted sets as members → scores.

    Also `contacts`, and what was `told`: contact and outcome, or an agent's text.
    """

    def __init__(self, keys: Mapping[str, dict[str, str]] | None = None, told: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(keys or {})
        self.contacts = {key.removeprefix("contact:"): fields for key, fields in self.items() if key.startswith("contact:")}
        self.told = tuple(told)

    def __missing__(self, _key: str) -> dict[str, str]:
        return {}

    @classmethod
    async def of(cls, center: CallCenter) -> "Snapshot":
        """Read everything, in one go."""
        keys = json.loads(await center.redis.eval(READ, 1, center.floor.prefix))
        return cls(keys, [(contact, said) for contact, said, *_ in await center.told()])


READ = """
local keys = {}
for _, key in ipairs(redis.call('KEYS', KEYS[1] .. '*')) do
  local kind, found = redis.call('TYPE', key).ok, {}
  if kind == 'hash' or kind == 'zset' then
    local flat = kind == 'hash' and redis.call('HGETALL', key) or redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    for index = 1, #flat, 2 do found[flat[index]] = flat[index + 1] end
  elseif kind == 'set' then
    for _, member in ipairs(redis.call('SMEMBERS', key)) do found[member] = '' end
  end
  keys[string.sub(key, #KEYS[1] + 1)] = found
end
return cjson.encode(keys)
"""


@pytest.mark.parametrize("seed", range(6))
async def test_a_random_day_breaks_nothing(redis_server, seed):
    async with open_center(redis_server.url) as center:
        life = Life(center, seed)
        for name in range(4):
            await center.hire(f"agent{name}", *QUEUES[: name % 3 + 1], capacity=name % 3 + 1, skills=SKILLS[: name % 3])
        for _ in range(STEPS):
            await life.step()
            try:
                await life.check()
            except AssertionError as wrong:
                raise AssertionError(f"seed {seed}, after {len(life.trail)} steps, the last ones {life.trail[-5:]}: {wrong}") from wrong
        # Everybody goes home: what is left ends by itself.
        await center.pass_seconds(700, "nobody")
        await life.check()
        for contact in sorted(life.live):
            await center.floor.cancel(contact)
        for kind in ("with", "line", "direct", "queue", "free"):
            assert await center.redis.keys(f"{center.floor.prefix}{kind}:*") == [], kind


@pytest.mark.parametrize("seed", range(3))
async def test_who_came_first_goes_first_in_each_line(redis_server, seed):
    chance = random.Random(seed)
    async with open_center(redis_server.url) as center:
        await center.hire("anna")
        await center.call("busy")
        waiting = []
        served = []
        current = "busy"
        for number in range(80):
            name, first = f"c{number}", chance.random() < 0.3
            await center.call(name, prioritize=first)
            waiting.append((not first, number, name))
            if chance.random() < 0.6:
                await center.floor.accept(current, "anna")
                await center.floor.end(current, "anna", "done")
                (current,) = await center.offers("anna")
                expected = min(waiting)
                waiting.remove(expected)
                served.append(current == expected[2])
        assert served
        assert all(served)
