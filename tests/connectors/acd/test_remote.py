"""An ACD that a company already has: a server on loopback that behaves as docs/acd.md says, or does not."""

import asyncio
import json
import time
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, web

from connectors.acd.connector import AcdConnector
from connectors.acd.public import mount
from connectors.acd.remote.signature import SignatureRefused, sign, verify
from connectors.acd.settings import AcdSettings
from connectors.framework.settings import SettingsError
from schemas.deployment import Deployment
from tests.connectors.acd.acd_bench import benches
from tests.connectors.command_bench import QUICK, around, running, until
from tests.connectors.local_http import serving

TOKEN, SECRET = "the token of the tests", "the secret of the tests"


class RemoteAcd:
    """A company's ACD. It keeps what it is told, once per idempotency key, and answers as the test wants."""

    def __init__(self):
        self.requests = []
        self.known = {}
        self.answers = []  # (status, body, headers), for the next requests; afterwards it works
        self.first = {"outcome": "queued"}
        self.trouble = ""  # "slow" or "cut", as long as it lasts

    async def handle(self, request):
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        body = await request.json()
        self.requests.append((request.method, request.raw_path, request.headers["Idempotency-Key"], body))
        if self.trouble == "slow":
            await asyncio.sleep(60)
        if self.trouble == "cut":
            request.transport.abort()
        if self.answers:
            status, text, headers = self.answers.pop(0)
            return web.Response(status=status, text=text, headers=headers)
        key = request.headers["Idempotency-Key"]
        if request.path == "/api/distributions":
            return web.json_response(self.known.setdefault(key, self.first))
        return web.json_response({})

    def told(self):
        """What it was told, each thing once."""
        return list({key: (path, body) for _, path, key, body in self.requests}.values())


@asynccontextmanager
async def remote_at_work(kafka, redis_server, **more):
    remote = RemoteAcd()
    async with serving(remote.handle) as port:
        settings = {"backend": "remote", "remote_url": f"http://127.0.0.1:{port}/api", "remote_token": TOKEN, "webhook_secret": SECRET}
        for bench in benches(kafka, redis_server, **settings):
            allowed = QUICK.model_copy(update={"allowed_hosts": (f"127.0.0.1:{port}",), **more})
            surroundings = around(bench.deployment, allowed, **bench.environment)
            async with running(AcdConnector(surroundings), bench.deployment, allowed), served(surroundings) as hook:
                try:
                    yield bench, remote, hook
                finally:
                    await bench.redis.aclose()


class Hook:
    """Sends webhooks, good and bad ones."""

    def __init__(self, session):
        self.session = session
        self.number = 0

    async def send(self, document, *, secret=SECRET, at=None, signature=None, body=None, **headers):
        timestamp = int(time.time()) if at is None else at
        body = json.dumps(document).encode() if body is None else body
        headers = {
            "X-ACD-Timestamp": str(timestamp),
            "X-ACD-Signature": sign(secret, timestamp, body) if signature is None else signature,
            **headers,
        }
        async with self.session.post("/webhooks/acd", data=body, headers=headers) as response:
            return response.status, json.loads(await response.text())

    async def tell(self, distribution, **told):
        self.number += 1
        return (await self.send({"id": f"n{self.number}", "distribution": distribution, **told}))[0]


@asynccontextmanager
async def served(surroundings):
    application = web.Application()
    mount(application, surroundings)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
            yield Hook(session)
    finally:
        await runner.cleanup()


@pytest.fixture
async def remote(kafka, redis_server):
    async with remote_at_work(kafka, redis_server) as opened:
        yield opened


async def test_a_contact_goes_out_and_its_course_comes_in(remote):
    bench, company, hook = remote
    bench.to_queue("c1:2", {"reference": "support", "skills": ["french"], "maximum_wait_sec": 60}, prioritize=True)
    assert await bench.answer("c1:2") == ("queued", None)
    (path, body), *_ = company.told()
    assert path == "/api/distributions"
    assert len(body["customer"].pop("id")) == 32
    assert body == {
        "id": "c1:2", "conversation": "of-c1:2", "channel": "web_chat", "account": "demo", "to": "queue", "queue_group": None,
        "customer": {"name": "Ada", "locale": "en-GB", "message": "hello"}, "prioritize": True,
        "queues": [
            {
                "reference": "support", "skills": ["french"], "maximum_waiting": None, "maximum_estimated_wait_sec": None,
                "maximum_wait_sec": 60,
            }
        ],
    }  # fmt: skip
    assert await hook.tell("c1:2", type="progress", outcome="accepted") == 202
    assert await bench.answer("c1:2") == ("accepted", None)
    assert await hook.tell("c1:2", type="message", message_id="7", agent="nora", text="Good morning ☕") == 202
    wrote = await bench.wrote("c1:2")
    assert (wrote["agent"], wrote["message_id"], wrote["text"]) == ("nora", "c1:2:7", "Good morning ☕")
    bench.relay("r1", "c1:2", "hello?")
    assert await bench.answer("r1") == ("ok", None)
    assert company.told()[-1] == (
        "/api/distributions/c1%3A2/messages", {"message_id": "m-r1", "text": "hello?", "media": [], "choice": None},
    )  # fmt: skip
    assert await hook.tell("c1:2", type="end", outcome="unprocessed", reason="customer_left") == 202
    assert await bench.answer("c1:2") == ("unprocessed", "customer_left")
    assert await hook.tell("c1:2", type="end", outcome="processed") == 409
    bench.relay("r2", "c1:2", "hello??")
    assert await bench.answer("r2") == ("error", "unknown_distribution")


async def test_every_end_comes_in_and_no_other_word(remote):
    bench, _company, hook = remote
    ends = [
        "processed", "unprocessed", "reference_not_found", "overflow_no_user", "overflow_maximum_estimated_wait",
        "overflow_maximum_waiting", "overflow", "dissuasion_maximum_wait", "dissuasion_by_user", "dissuasion",
    ]  # fmt: skip
    for end in ends:
        bench.to_queue(f"to {end}")
        await bench.answer(f"to {end}")
        assert await hook.tell(f"to {end}", type="end", outcome="ok") == 400, "no word for a distribution to a queue"
        assert await hook.tell(f"to {end}", type="end", outcome=end) == 202
        assert await bench.answer(f"to {end}") == (end, None)
    for end in ("ok", "no_response", "no_preferred_agent", "reference_not_found", "error"):
        bench.to_user(f"user {end}", None)
        await bench.answer(f"user {end}")
        assert await hook.tell(f"user {end}", type="end", outcome="processed") == 400
        assert await hook.tell(f"user {end}", type="end", outcome=end) == 202
        assert await bench.answer(f"user {end}") == (end, None)


async def test_an_end_at_once_is_the_answer(remote):
    bench, company, hook = remote
    company.first = {"outcome": "overflow_no_user", "reason": "night"}
    bench.to_queue("c1")
    assert await bench.answer("c1") == ("overflow_no_user", "night")
    assert await hook.tell("c1", type="progress", outcome="accepted") == 409
    company.answers = [(404, "", {})]
    bench.to_user("u1", "nobody")
    assert await bench.answer("u1") == ("reference_not_found", None)
    assert company.requests[-1][3]["user"] == "nobody"


async def test_an_acd_that_is_busy_or_broken_is_asked_again(remote):
    bench, company, _ = remote
    company.answers = [(503, "", {"Retry-After": "0"}), (429, "", {}), (500, "<html>", {})]
    bench.to_queue("c1")
    assert await bench.answer("c1") == ("queued", None)
    assert [request[2] for request in company.requests] == ["c1"] * 4
    assert len(company.known) == 1


async def test_an_acd_that_stays_away_is_left_alone_for_a_while(kafka, redis_server):
    async with remote_at_work(kafka, redis_server, breaker_failures=2, breaker_seconds=2.5) as (bench, company, _):
        company.trouble = "cut"
        bench.to_queue("c1")
        await until(lambda: len(company.requests) == 2)
        await asyncio.sleep(1.5)
        assert len(company.requests) == 2, "else it would have been asked again after 0.2 s at most"
        company.trouble = ""
        assert await bench.answer("c1") == ("queued", None)


async def test_an_acd_that_answers_nonsense_fails_the_command(remote):
    bench, company, _ = remote
    nonsense = [
        (200, "nonsense", "unreadable_body"), (200, "[]", "unreadable_body"), (200, '{"outcome": "maybe"}', "unreadable_body"),
        (200, '{"outcome": {"a": 1}}', "unreadable_body"), (200, "[" * 10_000, "unreadable_body"), (200, "x" * 100_000, "too_large"),
        (401, "", "status"), (422, "", "status"),
    ]  # fmt: skip
    for number, (status, body, reason) in enumerate(nonsense):
        company.answers = [(status, body, {})]
        bench.to_queue(f"c{number}")
        assert await bench.answer(f"c{number}") == ("unprocessed", reason), (status, body[:30])


async def test_an_acd_that_never_acknowledges_fails_the_command_in_time_and_is_not_awaited_for_ever(remote, monkeypatch):
    bench, company, _ = remote
    monkeypatch.setattr("connectors.acd.connector._ACKNOWLEDGE_SECONDS", 0.5)
    for trouble, reason in (("slow", "timeout"), ("cut", "unreachable")):
        company.trouble = trouble
        bench.to_queue(trouble)
        bench.to_user(f"user {trouble}", "nora")
        assert await bench.answer(trouble) == ("unprocessed", reason)
        assert await bench.answer(f"user {trouble}") == ("error", reason)
        assert 600_000 < await bench.redis.pttl(f"{bench.floor.prefix}remote:{trouble}") <= 660_000
    company.trouble = ""
    bench.to_queue("c1")
    assert await bench.answer("c1") == ("queued", None)
    assert await bench.redis.pttl(f"{bench.floor.prefix}remote:c1") == -1, "one that goes on is known until its end"


async def test_taking_back_goes_out_and_nothing_comes_in_any_more(remote):
    bench, company, hook = remote
    bench.to_queue("c1")
    await bench.answer("c1")
    bench.cancel("x1", "c1")
    assert await bench.answer("x1") == ("ok", None)
    assert company.told()[-1] == ("/api/distributions/c1/cancel", {})
    assert await hook.tell("c1", type="message", message_id="1", agent="nora", text="x") == 409
    company.answers = [(410, "", {})]
    bench.cancel("x2", "c1")
    assert await bench.answer("x2") == ("ok", None)
    bench.cancel("x3", "c3")
    await bench.answer("x3")
    bench.to_queue("c3")
    assert await bench.answer("c3") == ("unprocessed", "cancelled")


async def test_what_the_acd_does_not_have_it_is_not_asked_of(remote):
    bench, company, _ = remote
    bench.relay("r0", "unknown", "x")
    assert await bench.answer("r0") == ("error", "unknown_distribution")
    assert company.requests == []


# Webhooks.


async def test_forged_late_and_replayed_webhooks_are_refused(remote):
    bench, _, hook = remote
    bench.to_queue("c1")
    await bench.answer("c1")
    told = {"id": "n1", "distribution": "c1", "type": "message", "message_id": "1", "agent": "nora", "text": "pay here"}
    now = int(time.time())
    forged = [
        await hook.send(told, secret="guessed"),
        await hook.send(told, signature=""),
        await hook.send(told, signature="v1="),
        await hook.send(told, signature=sign(SECRET, now - 1, json.dumps(told).encode())),
        await hook.send(told, at=now - 301),
        await hook.send(told, at=now + 302),
        await hook.send(told, **{"X-ACD-Timestamp": "soon"}),
        await hook.send({**told, "text": "pay there"}, signature=sign(SECRET, now, json.dumps(told).encode())),
    ]
    assert [status for status, _ in forged] == [401] * 8
    assert SECRET not in str(forged)
    assert await hook.send(told) == (202, {"repeated": False})
    assert await hook.send(told) == (200, {"repeated": True})
    assert await hook.send({**told, "text": "another text under the same id"}) == (200, {"repeated": True})
    await bench.wrote("c1")
    await asyncio.sleep(0.3)
    assert await bench.redis.xlen(bench.floor.outbox) == 0
    assert not [datum for name, datum in bench.heard if name == "agent_wrote"], "it was written once"


async def test_webhooks_that_do_not_fit_are_refused(remote):
    bench, _, hook = remote
    bench.to_queue("c1")
    await bench.answer("c1")
    message = {"id": "n1", "distribution": "c1", "type": "message", "message_id": "1", "agent": "nora"}
    unfit: list[tuple[int, Any]] = [
        (404, {"id": "n1", "distribution": "another", "type": "end", "outcome": "processed"}),
        (400, {"id": "n1", "distribution": "c1", "type": "end", "outcome": "done"}),
        (400, {"id": "n1", "distribution": "c1", "type": "progress", "outcome": "processed"}),
        (400, {**message, "text": ""}),
        (400, {**message, "text": "\ud800"}),
        (400, message),
        (400, {"id": "n1", "distribution": "c1", "type": "gossip"}),
        (400, {"id": "n1", "distribution": "c1", "type": "end", "outcome": "processed", "amount": 3}),
        (413, {**message, "text": "€" * 30_000}),
        (413, {"id": "x" * 300_000}),
        (400, "nonsense"),
    ]
    for status, document in unfit:
        assert (await hook.send(document))[0] == status, str(document)[:100]
    assert (await hook.send(None, body=b"{"))[0] == 400
    assert await hook.tell("c1", type="end", outcome="processed") == 202, "none of them had any effect"


def test_while_a_secret_is_changed_two_signatures_are_good():
    signatures = f"{sign('old secret', 100, b'body')}, {sign('new secret', 100, b'body')}"
    for secret in ("old secret", "new secret"):
        verify(secret, "100", signatures, b"body", now=100, tolerance_seconds=1)
    with pytest.raises(SignatureRefused, match="Signature"):
        verify("third secret", "100", signatures, b"body", now=100, tolerance_seconds=1)
    with pytest.raises(SignatureRefused, match="Timestamp"):
        verify("old secret", "٣", signatures, b"body", now=100, tolerance_seconds=1)


async def test_our_own_acd_has_no_webhook(redis_server):
    async with (
        served(around(Deployment(redis_url=redis_server.url))) as hook,
        hook.session.post("/webhooks/acd", data=b"{}") as response,
    ):
        assert response.status == 404


# Settings.


def test_a_remote_acd_needs_address_token_and_secret():
    with pytest.raises(SettingsError, match="SMART_ROUTING_ACD_REMOTE_TOKEN, SMART_ROUTING_ACD_WEBHOOK_SECRET"):
        AcdSettings.from_environment({"SMART_ROUTING_ACD_BACKEND": "remote", "SMART_ROUTING_ACD_REMOTE_URL": "https://acd.example"})
    with pytest.raises(SettingsError, match=r"AWAY_SECONDS: expected more than .*_HEARTBEAT_SECONDS \(10\).* found 5"):
        AcdSettings.from_environment({"SMART_ROUTING_ACD_AWAY_SECONDS": "5"})


def test_no_secret_is_shown():
    settings = AcdSettings.from_environment(
        {
            "SMART_ROUTING_ACD_BACKEND": "remote",
            "SMART_ROUTING_ACD_REMOTE_URL": "https://acd.example",
            "SMART_ROUTING_ACD_REMOTE_TOKEN": TOKEN,
            "SMART_ROUTING_ACD_WEBHOOK_SECRET": SECRET,
        }
    )
    shown = repr(settings) + str(list(settings.described()))
    assert TOKEN not in shown
    assert SECRET not in shown
    assert AcdSettings.from_environment(settings.to_environment()) == settings
