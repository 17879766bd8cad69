"""Texts that go out by a gateway on loopback, each once."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from redis import Redis as SyncRedis
from redis.exceptions import ConnectionError as RedisConnectionError
from yarl import URL

from connectors.framework.errors import Refused, Retry, StoreAway
from connectors.framework.settings import ConnectorSettings, SettingsError
from connectors.framework.surroundings import Surroundings
from connectors.sms_gateway.client import SmsGateway
from connectors.sms_gateway.settings import SmsGatewaySettings
from schemas.deployment import Deployment
from tests.connectors.messaging.sms_server import Message, SmsServer

FROM, TO = "+14155550100", "+33612345678"
KEY = "a key of the tests, long enough"


@pytest.fixture
def redis_server(shared_redis):
    """The module's, emptied."""
    with SyncRedis.from_url(shared_redis.url) as redis:
        redis.flushall()
    return shared_redis


@asynccontextmanager
async def client(redis_server, server, account=None, **settings):
    environment = {
        "SMART_ROUTING_SMS_GATEWAY_ACCOUNTS": json.dumps({"main": account or server.account()}),
        "SMART_ROUTING_SMS_GATEWAY_SETTLED_SECONDS": "0.5",
        **{f"SMART_ROUTING_SMS_GATEWAY_{name.upper()}": str(value) for name, value in settings.items()},
    }
    deployment = Deployment(redis_url=redis_server.url, conversation_key=KEY)
    gateway = SmsGateway(Surroundings(deployment, ConnectorSettings(public_url="https://chat.example.org"), environment))
    await gateway.open()
    try:
        yield gateway
    finally:
        await gateway.close()


async def test_a_text_goes_out_once_however_often_it_is_asked_for(redis_server):
    async with SmsServer() as server, client(redis_server, server) as gateway:
        first = await gateway.send(FROM, TO, "Bonjour é", "c1")
        assert await gateway.send(FROM, TO, "Bonjour é", "c1") == first
        second = await gateway.send(FROM, TO, "Bonjour é", "c2")
        (one, two) = server.messages
    assert (one.sid, one.sender, one.recipient, one.body) == (first.id, FROM, TO, "Bonjour é")
    assert (two.sid, first.segments) == (second.id, 1)
    assert one.callback == "https://chat.example.org/webhooks/sms/main/status?message=c1"


@pytest.mark.parametrize("fault", ["lose_answer", "no_http", "nonsense"])
async def test_a_text_whose_answer_was_lost_is_found_and_not_sent_again(redis_server, fault):
    async with SmsServer() as server, client(redis_server, server) as gateway:
        await gateway.send(FROM, TO, "the same text", "another")
        server.faults.append(fault)
        with pytest.raises(Retry) as raised:
            await gateway.send(FROM, TO, "the same text", "c1")
        assert (raised.value.reason, raised.value.outcome) == ("unreachable", "unknown")
        sent = await gateway.send(FROM, TO, "the same text", "c1")
        assert [message.sid for message in server.messages][1:] == [sent.id]
        assert server.requests == ["create", "create", "list"]


async def test_a_gateway_that_takes_too_long_is_left_and_the_text_found(redis_server):
    async with SmsServer() as server, client(redis_server, server, request_seconds=0.3) as gateway:
        server.faults.append("hang")
        with pytest.raises(Retry):
            await gateway.send(FROM, TO, "hello", "c1")
        sent = await gateway.send(FROM, TO, "hello", "c1")
        assert [message.sid for message in server.messages] == [sent.id]


@pytest.mark.parametrize("fault", ["lose_request", "bad_gateway"])
async def test_a_text_that_may_have_arrived_is_sent_again_only_once_it_would_be_listed(redis_server, fault):
    async with SmsServer() as server, client(redis_server, server) as gateway:
        server.faults.append(fault)
        with pytest.raises(Retry):
            await gateway.send(FROM, TO, "hello", "c1")
        with pytest.raises(Retry) as raised:
            await gateway.send(FROM, TO, "hello", "c1")
        assert raised.value.after is not None
        assert 0 < raised.value.after <= 0.5
        assert server.messages == []
        await asyncio.sleep(raised.value.after)
        server.faults.append("list_down")
        with pytest.raises(Retry):
            await gateway.send(FROM, TO, "hello", "c1")
        await gateway.send(FROM, TO, "hello", "c1")
        assert len(server.messages) == 1


@pytest.mark.parametrize("sid", ["", "x" * 65, "SM\x00", 5, None])
async def test_an_id_that_is_none_leaves_it_unknown_whether_the_text_was_sent(redis_server, monkeypatch, sid):
    async with SmsServer() as server, client(redis_server, server) as gateway:
        as_it_was = Message.to_json
        with monkeypatch.context() as patched:
            patched.setattr(
                Message, "to_json", lambda message, account: {**as_it_was(message, account), "sid": sid, "num_segments": "9" * 5_000}
            )
            with pytest.raises(Retry) as raised:
                await gateway.send(FROM, TO, "hello", "c1")
            assert raised.value.outcome == "unknown"
            with pytest.raises(Retry) as raised:  # nor is it found by such an id
                await gateway.send(FROM, TO, "hello", "c1")
            assert raised.value.outcome == "unknown"
        assert (await gateway.send(FROM, TO, "hello", "c1")).segments == 1
        assert server.requests == ["create", "list", "list"]


async def test_a_list_that_hangs_leaves_it_unknown_in_time(redis_server):
    async with SmsServer() as server, client(redis_server, server) as gateway:
        server.faults.append("lose_answer")
        with pytest.raises(Retry):
            await gateway.send(FROM, TO, "hello", "c1")
        server.faults.append("list_hangs")
        async with asyncio.timeout(3):
            with pytest.raises(Retry) as raised:
                await gateway.send(FROM, TO, "hello", "c1", within=0.3)
        assert raised.value.outcome == "unknown"


async def test_a_text_that_could_not_be_answered_in_time_is_not_asked_for(redis_server):
    async with SmsServer() as server, client(redis_server, server) as gateway:
        with pytest.raises(Refused) as raised:
            await gateway.send(FROM, TO, "hello", "c1", within=0.1)
        assert (raised.value.reason, server.requests) == ("timeout", [])
        await gateway.send(FROM, TO, "hello", "c1", within=5)


async def test_redis_that_goes_away_before_a_text_is_asked_for_leaves_nothing_in_doubt(redis_server, monkeypatch):
    async with SmsServer() as server, client(redis_server, server) as gateway:

        async def away(*_):
            raise RedisConnectionError

        with monkeypatch.context() as patched:
            patched.setattr(gateway.opt_outs, "has", away)
            with pytest.raises(StoreAway):
                await gateway.send(FROM, TO, "hello", "c1")
        await gateway.send(FROM, TO, "hello", "c1")
        assert server.requests == ["create"]


async def test_who_opts_out_between_two_tries_gets_nothing_and_what_was_sent_stays_sent(redis_server):
    async with SmsServer() as server, client(redis_server, server, settled_seconds=0.1) as gateway:
        server.faults.extend(["lose_answer", "lose_request"])
        for key in ("c1", "c2"):
            with pytest.raises(Retry):
                await gateway.send(FROM, TO, f"hello {key}", key)
        await gateway.opt_outs.add(FROM, TO)
        await gateway.send(FROM, TO, "hello c1", "c1")
        await asyncio.sleep(0.1)
        with pytest.raises(Refused, match="opted out"):
            await gateway.send(FROM, TO, "hello c2", "c2")
        assert [message.body for message in server.messages] == ["hello c1"]


async def test_a_text_is_found_on_a_later_page_of_the_list(redis_server):
    async with SmsServer(page_size=2) as server, client(redis_server, server) as gateway:
        server.faults.append("lose_answer")
        with pytest.raises(Retry):
            await gateway.send(FROM, TO, "one", "c1")
        for number in range(4):
            await gateway.send(FROM, TO, "one", f"other {number}")
        await gateway.send(FROM, TO, "one", "c1")
        assert len(server.messages) == 5


async def test_a_gateway_that_is_away_or_busy_is_tried_again(redis_server):
    async with SmsServer() as server, client(redis_server, server) as gateway:
        for fault in ("busy", "unavailable"):
            server.faults.append(fault)
            with pytest.raises(Retry) as raised:
                await gateway.send(FROM, TO, "hello", "c1")
            assert (raised.value.reason, raised.value.after) == ("unreachable", 1.0)
        assert (await gateway.send(FROM, TO, "hello", "c1")).segments == 1
    async with SmsServer() as server, client(redis_server, server) as gateway:
        account = server.account()
    async with client(redis_server, server, account) as gateway:
        with pytest.raises(Retry) as raised:
            await gateway.send(FROM, TO, "hello", "c2")
    async with SmsServer(port=URL(account["base_url"]).port or 0) as server, client(redis_server, server) as gateway:
        await gateway.send(FROM, TO, "hello", "c2")  # at once: the first request never arrived
        assert server.requests == ["create"]


async def test_the_accounts_rate_is_kept(redis_server):
    async with SmsServer(requests_a_second=2) as server, client(redis_server, server) as gateway:
        sent = await asyncio.gather(*(gateway.send(FROM, TO, "hello", f"c{number}") for number in range(4)), return_exceptions=True)
        assert sorted(type(one).__name__ for one in sent) == ["Retry", "Retry", "Sent", "Sent"]
        assert {one.after for one in sent if isinstance(one, Retry)} == {1.0}


@pytest.mark.parametrize(
    ("change", "message", "reason", "requests"),
    [
        ({}, {"recipient": "+33143542112"}, "not_mobile", []),
        ({"landlines": {TO}}, {}, "not_mobile", ["create"]),
        ({}, {"recipient": "0612345678"}, "refused", []),
        ({}, {"recipient": TO + "\r\nBody: x"}, "refused", []),
        ({"closed_regions": ("+33",)}, {}, "refused", ["create"]),
        ({"opted_out": {(FROM, TO)}}, {}, "refused", ["create"]),
        ({"senders": {"+14155550101"}}, {}, "invalid_sender", ["create"]),
        ({}, {"sender": "a name too long"}, "invalid_sender", []),
        ({}, {"sender": "Shop\r\nX-A: b"}, "invalid_sender", []),
        ({}, {"text": "a" * 1601}, "too_long", []),
        ({}, {"text": "ç" * 700}, "too_long", []),
        ({"auth_token": "another secret"}, {}, "refused", ["create"]),
    ],
)
async def test_what_cannot_be_sent_is_refused(redis_server, change, message, reason, requests):
    async with SmsServer() as server, client(redis_server, server) as gateway:
        for name, value in change.items():
            setattr(server, name, value)
        wanted = {"sender": FROM, "recipient": TO, "text": "hello", "idempotency_key": "c1", **message}
        with pytest.raises(Refused) as raised:
            await gateway.send(**wanted)
        assert (raised.value.reason, server.requests, server.messages) == (reason, requests, [])
        assert "+33" not in str(raised.value)


async def test_who_has_opted_out_at_the_gateway_is_not_asked_for_again(redis_server):
    async with SmsServer() as server, client(redis_server, server) as gateway:
        server.opted_out.add((FROM, TO))
        for key in ("c1", "c2"):
            with pytest.raises(Refused):
                await gateway.send(FROM, TO, "hello", key)
        assert server.requests == ["create"]
        server.opted_out.clear()
        await gateway.opt_outs.remove(FROM, TO)
        await gateway.send(FROM, TO, "hello", "c3")


async def test_line_breaks_and_signs_of_every_kind_arrive_as_they_are(redis_server):
    text = "a&To=+1\r\nb=1%00\x00\x07'\";--<script>" + "😀"
    async with SmsServer() as server, client(redis_server, server) as gateway:
        await gateway.send(FROM, TO, text, "c1/&?#")
        assert [(message.body, message.recipient) for message in server.messages] == [(text, TO)]
        assert str(server.messages[0].callback).endswith("?message=c1%2F%26%3F%23")


async def test_each_account_sends_for_its_senders(redis_server):
    async with SmsServer(senders={"SHOP"}, account_sid="AC1") as one, SmsServer(account_sid="AC2") as two:
        accounts = {"one": one.account(senders=["SHOP"]), "two": two.account()}
        environment = {"SMART_ROUTING_SMS_GATEWAY_ACCOUNTS": json.dumps(accounts)}
        deployment = Deployment(redis_url=redis_server.url, conversation_key=KEY)
        gateway = SmsGateway(Surroundings(deployment, ConnectorSettings(), environment))
        await gateway.open()
        await gateway.send("SHOP", TO, "from one", "c1")
        await gateway.send(FROM, TO, "from two", "c2")
        await gateway.close()
        assert ([message.body for message in one.messages], [message.body for message in two.messages]) == (["from one"], ["from two"])


async def test_without_an_account_nothing_is_sent(redis_server):
    deployment = Deployment(redis_url=redis_server.url, conversation_key=KEY)
    gateway = SmsGateway(Surroundings(deployment, ConnectorSettings(), {}))
    with pytest.raises(Refused, match="SMART_ROUTING_SMS_GATEWAY_ACCOUNTS"):
        await gateway.send(FROM, TO, "hello", "c1")
    await gateway.close()


def test_settings_that_cannot_be_are_refused_and_show_no_secret():
    with pytest.raises(SettingsError) as raised:
        SmsGatewaySettings.from_environment(
            {"SMART_ROUTING_SMS_GATEWAY_ACCOUNTS": '{main: {account_sid: "AC 1", auth_token: "a secret of theirs"}}'}
        )
    assert "account_sid" in str(raised.value)
    assert "a secret" not in str(raised.value)
