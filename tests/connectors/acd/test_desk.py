"""The desk's and the wallboard's API, in a served office on a real Redis."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from connectors.acd.floor.agent import Agent
from connectors.acd.floor.contact import Contact, QueueEntry
from connectors.acd.floor.floor import Floor
from connectors.acd.office import mount
from connectors.acd.settings import AcdSettings
from schemas.deployment import Deployment
from tests.connectors.acd.call_center import contact_of
from tests.connectors.office.office_bench import TOKEN, serving_office, staff

STAFF = staff(anna=["agent"], ben=["agent"], sue=["supervisor"], guest=["agent"], clerk=["cases"])


@asynccontextmanager
async def open_desks(url, **environment):
    """A floor with the agents anna and ben, who are available, and an office around it."""
    deployment = Deployment(redis_url=url)
    async with Redis.from_url(url) as redis:
        floor = Floor(redis, deployment, AcdSettings())
        await floor.renew_roster([Agent("anna", "Anna", queues=("support",), capacity=3), Agent("ben", "Ben", queues=("support",))])
        async with serving_office(deployment, [mount], **STAFF, **environment) as client:
            yield floor, client


@pytest.fixture
async def desks(redis_server):
    async with open_desks(redis_server.url) as opened:
        yield opened


async def signed_in(client, name, presence=None):
    made = client()
    assert await made.sign_in(name) == 201
    if presence:
        assert (await made.call("PUT", "/api/desk/presence", {"presence": presence}))[0] == 200
    return made


async def call(floor: Floor, contact: str | Contact, **more):
    contact = contact_of(contact) if isinstance(contact, str) else contact
    return await floor.distribute_to_queue(contact, [QueueEntry("support")], group=None, prioritize=False, **more)


async def test_an_agent_signs_in_accepts_converses_and_ends(desks):
    floor, client = desks
    anna = await signed_in(client, "anna", "available")
    await call(floor, "c-1:2:1")
    status, desk = await anna.call("GET", "/api/desk")
    (offer,) = desk["contacts"]
    assert (status, desk["user"], desk["presence"], offer["state"]) == (200, "anna", "available", "offered")
    assert offer["customer"] == {"name": "Ada", "locale": "en-GB", "message": "hello"}
    path = "/api/desk/contacts/c-1:2:1"
    assert (await anna.call("POST", f"{path}/accept"))[0] == 200
    for _ in range(2):
        assert (await anna.call("POST", f"{path}/messages", {"id": "m1", "text": "Good morning"}))[0] == 202
    _, read = await anna.call("GET", f"{path}?after=1")
    assert [(message["from"], message["text"]) for message in read["messages"]] == [("agent", "Good morning")]
    assert (await anna.call("POST", f"{path}/end", {"how": "done"}))[0] == 200
    _, desk = await anna.call("GET", "/api/desk")
    assert (desk["contacts"], [contact["outcome"] for contact in desk["recent"]]) == ([], ["processed"])


async def test_a_program_works_as_an_agent_by_its_token(redis_server):
    programs = f'robot: {{token: "{TOKEN}", roles: [agent], user: anna}}'
    deployment = Deployment(redis_url=redis_server.url)
    async with Redis.from_url(redis_server.url) as redis:
        await Floor(redis, deployment, AcdSettings()).renew_roster([Agent("anna", "Anna", queues=("support",))])
        async with serving_office(deployment, [mount], SMART_ROUTING_OFFICE_PROGRAMS=programs) as client:
            robot = client(TOKEN)
            assert (await robot.call("PUT", "/api/desk/presence", {"presence": "available"}))[0] == 200
            assert (await robot.call("GET", "/api/desk"))[1]["user"] == "anna"
            assert (await client("a token that is none of ours").call("GET", "/api/desk"))[0] == 401


async def test_the_contact_of_another_agent_is_not_to_be_found(desks):
    floor, client = desks
    anna = await signed_in(client, "anna", "available")
    await call(floor, "c1")
    await anna.call("POST", "/api/desk/contacts/c1/accept")
    ben = await signed_in(client, "ben", "available")
    for contact in ("c1", "none"):
        path = f"/api/desk/contacts/{contact}"
        answers = [
            await ben.call("GET", path),
            await ben.call("POST", f"{path}/accept"),
            await ben.call("POST", f"{path}/decline"),
            await ben.call("POST", f"{path}/turn-away"),
            await ben.call("POST", f"{path}/messages", {"id": "m1", "text": "I am Anna"}),
            await ben.call("POST", f"{path}/end", {"how": "done"}),
        ]
        assert [status for status, _ in answers] == [404] * 6
        assert {json.dumps(body) for _, body in answers} == {
            '{"error": "contact", "expected": "one of yours", "found": "another\'s, or none"}'
        }, "whether there is one is not told"
    assert "c1" not in json.dumps((await ben.call("GET", "/api/desk"))[1])
    assert (await anna.call("GET", "/api/desk/contacts/c1"))[1]["count"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/api/desk/presence", {"presence": "away"}),
        ("POST", "/api/desk/contacts/c1/accept", None),
        ("POST", "/api/desk/contacts/c1/messages", {"id": "m1", "text": "x"}),
        ("POST", "/api/wallboard/contacts/c1/close", {"how": "closed"}),
    ],
)
async def test_another_site_cannot_make_a_browser_do_anything(desks, method, path, body):
    floor, client = desks
    anna = await signed_in(client, "anna", "available")
    await call(floor, "c1")
    anna.csrf = "guessed"
    assert (await anna.call(method, path, body))[0] == 403
    assert (await floor.desk("anna"))["contacts"][0]["state"] == "offered"


async def test_each_role_has_its_own(desks):
    _, client = desks
    anna, sue, clerk, nobody = [await signed_in(client, name) for name in ("anna", "sue", "clerk")] + [client()]
    assert (await anna.call("GET", "/api/wallboard"))[0] == 403
    assert (await sue.call("GET", "/api/wallboard"))[0] == 200
    assert [(await who.call("GET", "/api/desk"))[0] for who in (sue, clerk, nobody)] == [403, 403, 401]
    assert (await clerk.call("GET", "/api/wallboard"))[0] == 403
    assert (await nobody.call("GET", "/api/desk/events"))[0] == 401


async def test_one_of_the_staff_who_is_no_user_is_told_so(desks):
    _, client = desks
    guest = await signed_in(client, "guest")
    status, fault = await guest.call("GET", "/api/desk")
    assert (status, fault["error"]) == (403, "user")
    assert (await guest.call("GET", "/api/desk/events"))[0] == 403


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("presence", {"presence": "asleep"}, "presence"),
        ("contacts/c1/messages", {"id": "m1", "text": "  \n "}, "text"),
        ("contacts/c1/messages", {"id": "m 1", "text": "x"}, "id"),
        ("contacts/c1/messages", {"id": "m1", "text": "x", "agent": "ben"}, "agent"),
        ("contacts/c1/messages", {"id": "m1"}, "text"),
        ("contacts/c1/end", {"how": "processed"}, "how"),
        ("contacts/c1/end", [], "body"),
    ],
)
async def test_what_does_not_fit_is_refused(desks, path, body, where):
    _, client = desks
    anna = await signed_in(client, "anna", "available")
    status, fault = await anna.call("PUT" if path == "presence" else "POST", f"/api/desk/{path}", body)
    assert (status, fault["error"]) == (400, where)


async def test_a_text_that_no_channel_would_take_is_refused(desks):
    floor, client = desks
    anna = await signed_in(client, "anna", "available")
    await call(floor, "c1")
    await anna.call("POST", "/api/desk/contacts/c1/accept")
    path = "/api/desk/contacts/c1/messages"
    assert (await anna.call("POST", path, {"id": "m1", "text": "€" * 22_000}))[0] == 413
    assert (await anna.call("POST", path, {"id": "m2", "text": "x" * 65_536}))[0] == 202
    assert (await anna.call("GET", "/api/desk/contacts/c1?after=-1"))[0] == 400


async def test_what_is_over_is_said_to_be_over(desks):
    floor, client = desks
    anna = await signed_in(client, "anna", "available")
    await call(floor, "c1")
    await anna.call("POST", "/api/desk/contacts/c1/accept")
    assert (await anna.call("PUT", "/api/desk/presence", {"presence": "signed_out"}))[0] == 409
    await floor.cancel("c1")
    assert (await anna.call("POST", "/api/desk/contacts/c1/messages", {"id": "m1", "text": "x"}))[0] == 409
    assert (await anna.call("GET", "/api/desk/contacts/c1"))[0] == 200


async def events(client, path):
    """Give the documents of an event stream."""
    async with client.session.get(path) as response:
        assert response.status == 200
        async for line in response.content:
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))


async def test_the_desk_is_told_at_once_what_happens_and_nothing_of_others(desks):
    floor, client = desks
    anna = await signed_in(client, "anna", "available")
    seen = events(anna, "/api/desk/events")
    async with asyncio.timeout(10):
        assert (await anext(seen))["contacts"] == []
        await call(floor, "c1")
        assert (await anext(seen))["contacts"][0]["state"] == "offered"
        await floor.accept("c1", "anna")
        assert (await anext(seen))["contacts"][0]["state"] == "accepted"
        await floor.relay("c1", "m1", {"text": "are you there?", "media": [], "choice": None})
        assert (await anext(seen))["contacts"][0]["count"] == 2
        await floor.cancel("c1")
        state = await anext(seen)
    assert (state["contacts"], state["recent"][0]["outcome"]) == ([], "cancelled")
    await seen.aclose()


async def test_an_open_desk_is_a_sign_of_life(redis_server):
    quick = {
        "SMART_ROUTING_ACD_HEARTBEAT_SECONDS": "0.1",
        "SMART_ROUTING_ACD_AWAY_SECONDS": "0.4",
        "SMART_ROUTING_ACD_ABSENCE_SECONDS": "0.8",
    }
    deployment = Deployment(redis_url=redis_server.url)
    async with Redis.from_url(redis_server.url) as redis:
        floor = Floor(redis, deployment, AcdSettings.from_environment(quick))
        await floor.renew_roster([Agent("anna", "Anna", queues=("support",))])
        async with serving_office(deployment, [mount], **STAFF, **quick) as client:
            anna = await signed_in(client, "anna", "available")
            seen = events(anna, "/api/desk/events")
            await anext(seen)
            for _ in range(10):
                await asyncio.sleep(0.1)
                await floor.tick()
            assert (await floor.desk("anna"))["presence"] == "available"
            await seen.aclose()
            await asyncio.sleep(0.6)
            await floor.tick()
            assert (await floor.desk("anna"))["presence"] == "away"


async def test_a_supervisor_sees_queues_and_agents_and_ends_waits(desks):
    floor, client = desks
    anna = await signed_in(client, "anna", "available")
    for number in range(5):
        await call(floor, f"c{number}")
    sue = await signed_in(client, "sue")
    _, board = await sue.call("GET", "/api/wallboard")
    (queue,) = board["queues"]
    assert (queue["queue"], queue["waiting"], len(queue["contacts"])) == ("support", 5, 5)
    assert {agent["user"]: (agent["presence"], agent["offered"]) for agent in board["agents"]} == {
        "anna": ("available", 3), "ben": ("signed_out", 0),
    }  # fmt: skip
    seen = events(sue, "/api/wallboard/events")
    await anext(seen)
    assert (await sue.call("POST", "/api/wallboard/contacts/c4/close", {"how": "dissuasion"}))[0] == 200
    assert (await sue.call("POST", "/api/wallboard/contacts/c4/close", {"how": "closed"}))[0] == 409
    assert (await sue.call("POST", "/api/wallboard/contacts/c9/close", {"how": "closed"}))[0] == 404
    async with asyncio.timeout(10):
        assert (await anext(seen))["queues"][0]["waiting"] == 4
    await seen.aclose()
    assert (await anna.call("POST", "/api/wallboard/contacts/c1/close", {"how": "closed"}))[0] == 403


async def test_pages_are_served_with_a_policy_that_runs_no_strangers_script(desks):
    _, client = desks
    anna = await signed_in(client, "anna")
    for path in ("/desk/", "/desk/desk.js", "/wallboard/"):
        async with anna.session.get(path) as response:
            assert response.status == 200
            assert "script-src 'self'" in response.headers["Content-Security-Policy"]


async def test_there_is_no_desk_where_the_acd_is_another(redis_server):
    remote = {
        "SMART_ROUTING_ACD_BACKEND": "remote",
        "SMART_ROUTING_ACD_REMOTE_URL": "http://127.0.0.1:1",
        "SMART_ROUTING_ACD_REMOTE_TOKEN": "a token of the tests",
        "SMART_ROUTING_ACD_WEBHOOK_SECRET": "a secret of the tests",
    }
    async with serving_office(Deployment(redis_url=redis_server.url), [mount], **STAFF, **remote) as client:
        anna = await signed_in(client, "anna")
        assert (await anna.call("GET", "/api/desk"))[0] == 404
