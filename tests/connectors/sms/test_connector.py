"""The SMS family on a gateway on loopback, a real Kafka and both SQL stores."""

import asyncio
import json
import os
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from connectors.framework.surroundings import Surroundings
from connectors.sms.connector import SmsConnector
from connectors.sms.outgoing import listed
from connectors.sms.public import mount
from connectors.sms_gateway.attempts import Attempts
from connectors.sql.database import opened
from tests.connectors.command_bench import PATIENCE_SECONDS, QUICK, in_seconds, running
from tests.connectors.conftest import benches
from tests.connectors.messaging.sms_server import SmsServer
from tests.connectors.messaging.webhook_bench import webhooks
from tests.connectors.test_crash import program

FROM, TO = "+14155550100", "+33612345678"
SETTINGS = QUICK.model_copy(update={"breaker_seconds": 0.5})


@pytest.fixture
def sms_bench(kafka, redis_server):
    yield from benches(kafka, redis_server, "sms")


def environment(server, sql_url, **more):
    return {
        "SMART_ROUTING_SMS_GATEWAY_ACCOUNTS": json.dumps({"main": server.account()}),
        "SMART_ROUTING_SMS_GATEWAY_SETTLED_SECONDS": "0.3",
        "SMART_ROUTING_SMS_GATEWAY_REQUEST_SECONDS": "0.5",
        "SMART_ROUTING_SQL_URL": sql_url,
        **more,
    }


@asynccontextmanager
async def connected(bench, server, sql_url, **more):
    around = Surroundings(bench.deployment, SETTINGS, environment(server, sql_url, **more))
    async with running(SmsConnector(around), bench.deployment, SETTINGS), opened(around, "sms") as database:
        yield database


def send(bench, command_id, *, deadline=None, **more):
    body = {"template": "parcel_sent", "outgoing_interaction": True, "sender": FROM, "recipient": TO, "text": "Your parcel", **more}
    envelope = {
        "command_id": command_id, "conversation_id": "c1", "interaction_id": "c1-1", "flow": "main", "flow_version": 1, "action": "a1",
        "issued_at": 0, "deadline": deadline, "body": ("smart_routing.SendSms", body),
    }  # fmt: skip
    # Each in a lane of its own, so that none waits for another.
    bench.send_bytes(bench.codec.encode("sms_command", envelope), command_id.encode())


async def rows(database, **wanted):
    async with database.reading() as connection:
        return await listed(connection, wanted, after=None, limit=100)


async def test_every_outcome_and_what_is_recorded_of_it(sms_bench, sql_url):
    async with SmsServer() as server, connected(sms_bench, server, sql_url) as database:
        server.landlines.add("+33698765432")
        server.opted_out.add((FROM, "+33611111111"))
        send(sms_bench, "ok", text="é" * 161)
        send(sms_bench, "ok", text="é" * 161)
        send(sms_bench, "basic", outgoing_interaction=False)
        send(sms_bench, "landline", recipient="+33143542112")
        send(sms_bench, "not_mobile", recipient="+33698765432")
        send(sms_bench, "opted_out", recipient="+33611111111")
        send(sms_bench, "too_long", text="x" * 1601)
        send(sms_bench, "sender", sender="+14155550111")
        send(sms_bench, "name", sender="a\r\nb")
        send(sms_bench, "late", deadline=in_seconds(-1))
        found = {answer["command_id"]: answer for answer in await sms_bench.responses(10)}
        assert {name: (answer["outcome"], answer["reason"], answer["values"]) for name, answer in found.items()} == {
            "ok": ("ok", None, {"segments": "2"}),
            "basic": ("ok", None, {"segments": "1"}),
            "landline": ("not_mobile", "not_mobile", {}),
            "not_mobile": ("not_mobile", "not_mobile", {}),
            "opted_out": ("error", "refused", {}),
            "too_long": ("error", "too_long", {}),
            "sender": ("error", "invalid_sender", {}),
            "name": ("error", "invalid_sender", {}),
            "late": ("error", "timeout", {}),
        }
        sent = {message.body: message.sid for message in server.messages}
        assert sorted(sent) == ["Your parcel", "é" * 161]
        recorded = {row["command_id"]: row for row in await rows(database)}
    assert {name: (row["status"], row["reason"]) for name, row in recorded.items()} == {
        "ok": ("queued", None),
        "landline": ("refused", "not_mobile"),
        "not_mobile": ("refused", "not_mobile"),
        "opted_out": ("refused", "refused"),
        "too_long": ("refused", "too_long"),
        "sender": ("refused", "invalid_sender"),
        "name": ("refused", "invalid_sender"),
    }
    ok = recorded["ok"]
    assert (ok["segments"], ok["message_id"], ok["template"], ok["recipient"]) == (2, sent["é" * 161], "parcel_sent", TO)


async def test_a_gateway_that_is_down_busy_slow_or_talks_nonsense_is_tried_until_the_deadline(sms_bench, sqlite_url):
    async with SmsServer(senders={FROM, "SHOP", "CLUB"}) as server, connected(sms_bench, server, sqlite_url) as database:
        server.faults.extend(["unavailable", "busy", "hang"])
        send(sms_bench, "1", deadline=in_seconds(20))
        assert await sms_bench.answers(1) == {"1": ("ok", None)}
        assert len(server.messages) == 1
        server.faults.extend(["unavailable"] * 100)
        send(sms_bench, "2", sender="SHOP", deadline=in_seconds(1.5))
        outcome, reason = (await sms_bench.answers(2))["2"]
        assert outcome == "error"
        assert reason in {"unreachable", "timeout"}  # whether another try would have fitted in before the deadline
        server.faults.clear()
        server.faults.append("nonsense")
        server.faults.extend(["list_down"] * 100)  # long enough for the breaker to open
        send(sms_bench, "3", sender="CLUB", deadline=in_seconds(1.5))
        assert (await sms_bench.answers(3))["3"] == ("unknown", "unreachable")
        recorded = {row["command_id"]: (row["status"], row["reason"]) for row in await rows(database)}
        assert recorded == {
            "1": ("queued", None),
            "2": ("refused", "timeout") if reason == "timeout" else ("asked", None),
            "3": ("asked", None),
        }


async def test_receipts_bring_the_rows_up_to_date_whatever_their_order(sms_bench, sql_url):
    async with SmsServer() as server, webhooks(sms_bench.deployment, mounting=mount, **environment(server, sql_url)) as gateway:
        settings = QUICK.model_copy(update={"public_url": gateway.url})
        around = Surroundings(sms_bench.deployment, settings, environment(server, sql_url))
        async with running(SmsConnector(around), sms_bench.deployment), opened(around, "sms") as database:
            send(sms_bench, "a&b")
            send(sms_bench, "2")
            assert await sms_bench.answers(2) == {"a&b": ("ok", None), "2": ("ok", None)}
            asked = {str(message.callback).rpartition("=")[2]: message for message in server.messages}
            first, second = asked["a%26b"], asked["2"]
            for status in ("sent", "delivered", "queued", "sent"):
                assert await server.report(first, status) == 204
            assert await server.report(second, "undelivered", "30006") == 204
            found = {row["command_id"]: (row["status"], row["reason"]) for row in await rows(database)}
            assert found == {"a&b": ("delivered", None), "2": ("undelivered", "30006")}


async def test_forged_receipts_are_refused(sms_bench, sqlite_url):
    async with (
        SmsServer() as server,
        SmsServer(auth_token="another secret", account_sid="AC2") as other,
        webhooks(
            sms_bench.deployment, mounting=mount, gateways={"main": server.account(), "other": other.account()},
            SMART_ROUTING_SQL_URL=sqlite_url,
        ) as gateway,
    ):  # fmt: skip
        hook = f"{gateway.url}/webhooks/sms/main/status?message=1"
        form = {"MessageSid": "SM1", "MessageStatus": "delivered", "AccountSid": server.account_sid}
        right = server.sign(hook, form)
        for signature in ("", right[:-1], other.sign(hook, form)):
            assert await server.post(hook, form, signature) == 401
        assert await server.post(hook.replace("=1", "=2"), form, right) == 401  # of another message
        assert await other.post(hook, form) == 401
        assert await server.post(hook, {**form, "MessageStatus": "'; DROP TABLE x; --"}) == 400
        assert await server.post(hook, {**form, "ErrorCode": "<script>"}) == 400
        assert await server.post(hook, {**form, "MessageSid": "SM\x00"}) == 400
        assert await server.post(hook.replace("=1", "=%00"), form) == 400
        assert await server.post(hook.removesuffix("?message=1"), form) == 400
        assert await server.post(hook, form) == 404  # nobody has asked for it
        async with Redis.from_url(sms_bench.deployment.redis_url) as redis:
            await Attempts(redis, f"{sms_bench.deployment.topic_prefix}sms:", 60).begin("1", "1 main")
        assert await server.post(hook, {**form, "x": "y" * 70_000}) == 413
        assert await server.post(f"{gateway.url}/webhooks/sms/none/status?message=1", form) == 404
        assert await other.post(f"{gateway.url}/webhooks/sms/other/status?message=1", {**form, "AccountSid": "AC2"}) == 404
        assert await server.post(hook, form) == 204


async def test_signs_of_every_kind_are_sent_and_recorded_as_they_are(sms_bench, sql_url):
    text = "'; DROP TABLE sms_outgoing_interactions; --\r\n<script>\t\x07😀"
    async with SmsServer() as server, connected(sms_bench, server, sql_url) as database:
        send(sms_bench, "1", text=text, template="'\"\\")
        send(sms_bench, "2", text="nul \x00")
        send(sms_bench, "3", recipient="+33612345678' OR '1'='1")
        send(sms_bench, "4", recipient="+33612345678\x00", sender="\x00")
        answers = {"1": ("ok", None), "2": ("ok", None), "3": ("error", "refused"), "4": ("error", "invalid_sender")}
        assert await sms_bench.answers(4) == answers
        assert {message.body for message in server.messages} == {text, "nul \x00"}
        assert {row["command_id"]: row["text"] for row in await rows(database)} == {
            "1": text,
            "2": "nul �",
            "3": "Your parcel",
            "4": "Your parcel",
        }


@pytest.mark.parametrize("doomed_at", ["gateway", "connector"])
async def test_a_text_whose_connector_was_killed_is_not_sent_again(sms_bench, sqlite_url, doomed_at):
    settings = QUICK.model_copy(update={"session_seconds": 1.5})
    async with SmsServer() as server:
        variables = environment(server, sqlite_url)
        os.environ.update(variables, DOOMED_AT=doomed_at)
        try:
            send(sms_bench, "1", deadline=in_seconds(30))
            async with program(sms_bench.deployment, settings, "-m", "tests.connectors.sms.doomed") as process:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    assert await process.stdout.readline() == b"done, not recorded\n"
        finally:
            for name in (*variables, "DOOMED_AT"):
                os.environ.pop(name, None)
        assert len(server.messages) == 1
        async with connected(sms_bench, server, sqlite_url) as database:
            assert await sms_bench.answers(1) == {"1": ("ok", None)}
            assert len(server.messages) == 1
            assert [row["status"] for row in await rows(database)] == ["queued"]


async def test_nothing_is_sent_while_it_could_not_be_recorded(sms_bench, postgresql, postgresql_url):
    async with SmsServer(senders={FROM, "SHOP", "CLUB"}) as server, connected(sms_bench, server, postgresql_url) as database:
        send(sms_bench, "0", outgoing_interaction=False)
        assert await sms_bench.answers(1) == {"0": ("ok", None)}  # the connector is up
        postgresql.stop()
        try:
            send(sms_bench, "1", deadline=in_seconds(1))
            send(sms_bench, "2", sender="SHOP", outgoing_interaction=False)
            send(sms_bench, "3", sender="CLUB")
            assert await sms_bench.answers(3) == {"0": ("ok", None), "1": ("error", "unreachable"), "2": ("ok", None)}
            assert len(server.messages) == 2
        finally:
            postgresql.start()
        assert (await sms_bench.answers(4))["3"] == ("ok", None)
        assert [row["command_id"] for row in await rows(database)] == ["3"]
