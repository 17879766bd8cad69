"""Every branch of §§ 4.1 and 4.3, from the flow to the agent and back: the engine's commands by Kafka, the connector, agents at the API."""

import asyncio
from itertools import count

import msgspec
import pytest
import pytest_asyncio

from connectors.framework.customers import PreferredAgents, customer_key
from processor.engine.entities.queue import Queue
from processor.engine.entities.queue_group import QueueGroup
from processor.engine.entities.user import User
from processor.engine.events import AgentWrote, ResponseReceived
from tests.connectors.acd.acd_bench import benches
from tests.connectors.conftest import KEY
from tests.connectors.contacts.journal_bench import now
from tests.flows import flow_of
from tests.talk import SEC, Talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUEUE_BRANCHES = (
    "processed", "unprocessed", "reference_not_found", "overflow_no_user", "overflow_maximum_estimated_wait", "overflow_maximum_waiting",
    "overflow", "dissuasion_maximum_wait", "dissuasion_by_user", "dissuasion",
)  # fmt: skip
USER_BRANCHES = ("ok", "error", "no_response", "reference_not_found")


class Routed:
    """A conversation whose first action is with the ACD."""

    numbers = count()

    def __init__(self, acd, action, branches):
        action = {**action, "links": dict.fromkeys(branches, "end")}
        queues = [Queue.model_validate({"id": name, "reference": name, **fields}) for name, fields in QUEUES.items()]
        group = QueueGroup.model_validate({"id": "all", "reference": "all", "queues": ["crowded", "deserted"]})
        users = [User.model_validate({"id": name, "reference": name}) for name in ("anna", "nobody_knows")]
        self.acd = acd
        self.talk = Talk(flow_of({"here": action}), *queues, group, *users)
        self.talk.say("I need help", after_ms=0)
        self.sent = 0
        self.own = f"{next(self.numbers)}:"  # the ids of all these talks' commands are the same
        self.command = self.own + self.talk.commands[0].command_id
        self.forward()

    def forward(self):
        """Put the commands that are new on their topic."""
        for command in self.talk.commands[self.sent :]:
            if command.body.family == "acd":
                body = msgspec.to_builtins(command.body)
                self.acd.send(
                    type(command.body).__name__,
                    {**body, "distribution": self.command} if "distribution" in body else body,
                    command_id=self.own + command.command_id,
                    conversation="talk",
                    account="site",
                    address="+33612345678",
                )
        self.sent = len(self.talk.commands)

    async def hears(self):
        """Let the engine hear one thing more of the ACD; returns outcome or text."""
        known = {"response", "agent_wrote"}
        datum = await self.acd.next_where(lambda name, datum: name in known and datum["command_id"] == self.command)
        at, command = self.talk.at + SEC, datum["command_id"].removeprefix(self.own)
        if "outcome" in datum:
            self.talk.apply(ResponseReceived(at, command, datum["outcome"], datum["reason"], datum["detail"], datum["values"], "acd"))
        else:
            self.talk.apply(AgentWrote(at, command, datum["message_id"], datum["agent"], datum["text"]))
        self.forward()
        return datum.get("outcome", datum.get("text"))

    async def branch(self):
        """Let the engine hear until the action takes a branch; returns it and the reason."""
        while self.talk.conversation.interaction is not None and self.talk.interaction.wait is not None:
            await self.hears()
        step = next(step for step in self.talk.steps if step.action == "here" and step.branch is not None)
        return step.branch, step.reason


QUEUES = {
    "support": {},
    "gone": {},
    "deserted": {},
    "hasty": {"maximum_wait_sec": 1},
    "short": {"maximum_waiting": 1},
    "slow": {"maximum_estimated_wait_sec": 1},
    "crowded": {"maximum_waiting": 1},
}
SERVED = ["support", "hasty", "short", "slow", "crowded"]


CUSTOMER = customer_key("web_chat", "site", "+33612345678", key=KEY)


@pytest.fixture(scope="module")
def acd(kafka, module_redis):
    for bench in benches(kafka, module_redis, offer_seconds="1", misses="5", ask_again_seconds="1"):
        for name in QUEUES:
            if name != "gone":
                bench.publish("queue", name)
        bench.publish("user", "anna", queues=SERVED, capacity=1)
        yield bench


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at_work(acd):
    """One day at work for all: topics, connector and office take their time."""
    async with acd.at_work("anna") as (anna,):
        yield anna


@pytest_asyncio.fixture(loop_scope="module")
async def desk(acd, at_work):
    """Anna, who is available and has nothing to do."""
    async for contact, outcome, _ in acd.floor.contacts():
        if outcome is None:
            await acd.floor.cancel(contact)
    await acd.redis.delete(PreferredAgents(acd.redis, acd.deployment).key(CUSTOMER))
    await at_work.become("available")
    return at_work


def to(queue):
    return {"type": "distribution_to_queue", "queue": {"reference": queue}}


async def busy(acd, desk, *queues):
    """Give the only agent something to do, and let somebody wait in each of these queues."""
    first = f"{next(Routed.numbers)}: first"
    acd.to_queue(first, "support")
    await acd.answer(first)
    assert await desk.do(first, "accept") == 200
    for queue in queues:
        acd.to_queue(f"{first} in {queue}", queue)
        assert await acd.answer(f"{first} in {queue}") == ("queued", None)


async def test_processed_with_what_both_wrote_meanwhile(acd, desk):
    routed = Routed(acd, to("support"), QUEUE_BRANCHES)
    assert await routed.hears() == "offered"
    routed.talk.say("my bag is lost")
    routed.forward()
    await desk.do(routed.command, "accept")
    assert await routed.hears() == "accepted"
    await desk.do(routed.command, "messages", {"id": "m1", "text": "I look for it"})
    assert await routed.hears() == "I look for it"
    assert routed.talk.texts[-1] == "I look for it"
    async with asyncio.timeout(10):
        while await desk.texts(routed.command) != ["I need help", "my bag is lost", "I look for it"]:  # noqa: ASYNC110 - it is Redis's
            await asyncio.sleep(0.02)
    await desk.do(routed.command, "end", {"how": "done"})
    assert await routed.branch() == ("processed", None)


@pytest.mark.parametrize("how", ["customer_left", "closed"])
async def test_unprocessed_where_the_agent_says_so(acd, desk, how):
    routed = Routed(acd, to("support"), QUEUE_BRANCHES)
    await desk.until_offered(routed.command)
    await desk.do(routed.command, "accept")
    await desk.do(routed.command, "end", {"how": how})
    assert await routed.branch() == ("unprocessed", how)


async def test_reference_not_found(acd, desk):
    assert await Routed(acd, to("gone"), QUEUE_BRANCHES).branch() == ("reference_not_found", "unknown_queue")


async def test_overflow_no_user(acd, desk):
    assert await Routed(acd, to("deserted"), QUEUE_BRANCHES).branch() == ("overflow_no_user", "overflow_no_user")


async def test_overflow_maximum_waiting(acd, desk):
    await busy(acd, desk, "short")
    assert (await Routed(acd, to("short"), QUEUE_BRANCHES).branch())[0] == "overflow_maximum_waiting"


async def test_overflow_maximum_estimated_wait(acd, desk):
    await busy(acd, desk)
    assert (await Routed(acd, to("slow"), QUEUE_BRANCHES).branch())[0] == "overflow_maximum_estimated_wait"


async def test_overflow_of_a_group_for_several_reasons(acd, desk):
    await busy(acd, desk, "crowded")
    group = {"type": "distribution_to_queue", "distribution_to": "queue_group", "queue_group": {"reference": "all"}}
    assert await Routed(acd, group, QUEUE_BRANCHES).branch() == ("overflow", "overflow")


async def test_overflow_where_its_own_branch_is_not_linked(acd, desk):
    assert await Routed(acd, to("deserted"), ("overflow", "unprocessed")).branch() == ("overflow", "overflow_no_user")


async def test_dissuasion_maximum_wait(acd, desk):
    await busy(acd, desk)
    assert (await Routed(acd, to("hasty"), QUEUE_BRANCHES).branch())[0] == "dissuasion_maximum_wait"


async def test_dissuasion_by_user(acd, desk):
    routed = Routed(acd, to("support"), QUEUE_BRANCHES)
    await desk.until_offered(routed.command)
    assert await desk.do(routed.command, "turn-away") == 200
    assert (await routed.branch())[0] == "dissuasion_by_user"


async def test_dissuasion_by_a_supervisor(acd, desk):
    await busy(acd, desk)
    routed = Routed(acd, to("support"), QUEUE_BRANCHES)
    assert await routed.hears() == "queued"
    assert await desk.close(routed.command, "dissuasion") == 200
    assert await routed.branch() == ("dissuasion", "dissuasion")


# § 4.3.

ANNA = {"type": "distribution_to_user", "user": {"reference": "anna"}, "timeout": 60}
PREFERRED = {"type": "distribution_to_user", "preferred_agent": True}


async def test_ok(acd, desk):
    await PreferredAgents(acd.redis, acd.deployment).record(CUSTOMER, "anna", now())
    routed = Routed(acd, PREFERRED, USER_BRANCHES)
    await desk.until_offered(routed.command)
    await desk.do(routed.command, "accept")
    await desk.do(routed.command, "end", {"how": "done"})
    assert await routed.branch() == ("ok", None)


async def test_error_without_a_preferred_agent(acd, desk):
    assert await Routed(acd, PREFERRED, USER_BRANCHES).branch() == ("error", "no_preferred_agent")


async def test_no_response_of_one_who_declines(acd, desk):
    routed = Routed(acd, ANNA, USER_BRANCHES)
    await desk.until_offered(routed.command)
    await desk.do(routed.command, "decline")
    assert await routed.branch() == ("no_response", "declined")


async def test_no_response_of_one_who_is_too_slow(acd, desk):
    assert await Routed(acd, {**ANNA, "timeout": 1}, USER_BRANCHES).branch() == ("no_response", "timeout")


async def test_no_response_of_one_who_is_away(acd, desk):
    await desk.become("away")
    assert await Routed(acd, ANNA, USER_BRANCHES).branch() == ("no_response", "away")


async def test_user_reference_not_found(acd, desk):
    unknown = {"type": "distribution_to_user", "user": {"reference": "nobody_knows"}}
    assert await Routed(acd, unknown, USER_BRANCHES).branch() == ("reference_not_found", "unknown_user")
