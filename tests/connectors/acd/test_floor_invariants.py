"""Whatever happens on the floor: nobody has too much, nothing is lost, every contact ends once, and who came first goes first."""

import json
import random
from collections import Counter, defaultdict

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

    async def held(self, state):
        keys = await self.center.redis.keys(f"{self.center.floor.prefix}contact:*")
        found = []
        for key in sorted(keys):
            fields = await self.center.redis.hgetall(key)
            if fields[b"state"] == state:
                found.append((key.decode().rpartition(":")[2], fields[b"agent"].decode()))
        return found

    async def some(self, state):
        found = await self.held(state)
        return self.random.choice(found) if found else ("none", "nobody")

    async def accept(self):
        contact, agent = await self.some(b"offered")
        rival = self.random.choice([agent] * 5 + ["agent0"])
        await self.center.floor.accept(contact, rival)
        assert rival == agent
        self.accepted[contact] = agent

    async def decline(self):
        await self.center.floor.decline(*await self.some(b"offered"))

    async def turn_away(self):
        await self.center.floor.turn_away(*await self.some(b"offered"))

    async def end(self):
        contact, agent = await self.some(b"accepted")
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
        redis, prefix = self.center.redis, self.center.floor.prefix
        contacts = {
            key.decode().removeprefix(f"{prefix}contact:"): {
                name.decode(): value.decode() for name, value in (await redis.hgetall(key)).items()
            }
            for key in await redis.keys(f"{prefix}contact:*")
        }
        for name, of in [(name, contacts[name]) for name in self.live if contacts[name]["state"] == "ended"]:
            assert of["outcome"] in ENDS, name
            self.live.discard(name)
        going_on = {name: of for name, of in contacts.items() if of["state"] != "ended"}
        assert set(going_on) == self.live, "nothing is lost, and nothing comes back"
        told: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for name, outcome, *_ in await self.center.told():
            told[name][outcome] += 1
        for name, outcomes in told.items():
            ends = sum(count for outcome, count in outcomes.items() if outcome in ENDS)
            assert ends <= 1, f"{name} ends once"
            assert (
                ends == (contacts[name]["outcome"] in ENDS) if contacts[name]["state"] == "ended" and name not in self.cancelled else True
            )
            assert not ends or name not in self.cancelled
            assert outcomes["accepted"] <= 1
        await self.check_agents(going_on)
        await self.check_queues(going_on)

    async def check_agents(self, going_on) -> None:
        redis, prefix = self.center.redis, self.center.floor.prefix
        for name, agent in self.center.agents.items():
            members = {member.decode() for member in await redis.smembers(f"{prefix}with:{name}")}
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
            presence = (await redis.hget(f"{prefix}user:{name}", "presence") or b"signed_out").decode()
            assert presence == "available" or not offered, "who is not there is asked nothing"
            assert presence != "signed_out" or not members
            free = agent.active and presence == "available" and len(members) < agent.capacity
            for queue in QUEUES:
                listed = await redis.zscore(f"{prefix}free:{queue}", name) is not None
                assert listed == (free and queue in agent.queues), (name, queue)
                signed = bool(await redis.sismember(f"{prefix}signed:{queue}", name))
                assert signed == (agent.active and presence != "signed_out" and queue in agent.queues)

    async def check_queues(self, going_on) -> None:
        redis, prefix = self.center.redis, self.center.floor.prefix
        for queue in QUEUES:
            waiting = {member.decode() for member in await redis.zrange(f"{prefix}queue:{queue}", 0, -1)}
            expected = {
                name
                for name, of in going_on.items()
                if of["state"] != "accepted" and queue in [entry["reference"] for entry in json.loads(of.get("queues", "[]"))]
            }
            assert waiting == expected
        for name, of in going_on.items():
            if of["state"] != "waiting":
                continue
            for entry in json.loads(of.get("queues", "[]")):
                assert await redis.zscore(f"{prefix}line:{entry['line']}", name) is not None
                # Whoever could take it has no room, or was asked for it already.
                for free in await redis.zrange(f"{prefix}free:{entry['reference']}", 0, -1):
                    agent = self.center.agents[free.decode()]
                    if set(entry["skills"]) <= set(agent.skills):
                        again = await redis.hget(f"{prefix}asked:{name}", free)
                        assert again is not None, f"{name} waits although {agent.reference} is free"
                        assert int(again) > self.center.now * 1000 or self.trail[-1] != "time"
        lines = [key.decode() async for key in redis.scan_iter(f"{prefix}line:*")]
        for line in lines:
            for member, score in await redis.zrange(line, 0, -1, withscores=True):
                assert going_on[member.decode()]["state"] == "waiting"
                assert int(going_on[member.decode()]["rank"]) == int(score)


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
