"""The SMS gateway's webhook on a real Kafka and a real Redis."""

from redis.asyncio import Redis

from connectors.messaging.sms_webhook import LARGEST_BODY_BYTES
from connectors.sms_gateway.opt_outs import OptOuts
from schemas.conversation import conversation_id
from tests.connectors.command_bench import around
from tests.connectors.conftest import KEY
from tests.connectors.messaging.sms_server import SmsServer
from tests.connectors.messaging.webhook_bench import inbound, webhooks

NUMBER, CUSTOMER = "+14155550100", "+33612345678"
ANN = conversation_id("sms", "line", CUSTOMER, key=KEY)
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 64


def served(bench, server, **more):
    return webhooks(bench.deployment, sms={"line": NUMBER}, gateways={"main": server.account()}, **more)


async def test_a_text_goes_to_the_flow_once(bench):
    async with SmsServer() as server, served(bench, server) as gateway:
        hook = f"{gateway.url}/webhooks/sms/main"
        assert await gateway.taken(lambda: server.receive(hook, CUSTOMER, NUMBER, "<b>é</b>&a=1\r\n", sid="SM1")) == 200
        assert await server.receive(hook, CUSTOMER, NUMBER, "<b>é</b>&a=1\r\n", sid="SM1") == 200
        ((record, datum),) = await inbound(bench, 1)
    assert record.key() == ANN.encode()
    datum.pop("sent_at")
    assert datum == {
        "message_id": "SM1", "channel": "sms", "account": "line", "address": CUSTOMER, "text": "<b>é</b>&a=1\r\n", "media": [],
        "choice": None, "name": None, "locale": None,
    }  # fmt: skip


async def test_pictures_are_served_under_links_and_the_secret_is_shown_to_the_gateway_only(bench):
    limit = {"SMART_ROUTING_MESSAGING_LARGEST_MEDIA_BYTES": "1000"}
    async with SmsServer() as server, SmsServer() as elsewhere, served(bench, server, **limit) as gateway:
        files = [
            (server.add_media("image/jpeg", JPEG + b"\x00" * 1_000), "image/jpeg"),
            (server.add_media("image/jpeg", JPEG), "image/jpeg"),
            (elsewhere.add_media("image/jpeg", JPEG), "image/jpeg"),
            ("http://169.254.169.254/latest/meta-data/iam", "image/jpeg"),
            ("file:///etc/passwd", "image/jpeg"),
            (server.add_media("text/html", b"<script>"), "text/html"),
        ]
        hook = f"{gateway.url}/webhooks/sms/main"
        assert await gateway.taken(lambda: server.receive(hook, CUSTOMER, NUMBER, "", *files, sid="MM1")) == 200
        ((_, datum),) = await inbound(bench, 1)
        assert [file["mime_type"] for file in datum["media"]] == ["image/jpeg"] * 5
        paths = [file["url"].removeprefix(gateway.url) for file in datum["media"]]
        assert [(await gateway.get(path))[0] for path in paths] == [413, 200, 502, 502, 502]
        assert (await gateway.get(paths[1]))[2] == JPEG


async def test_who_says_stop_is_written_to_no_more_until_start(bench):
    async with SmsServer() as server, served(bench, server) as gateway, Redis.from_url(bench.deployment.redis_url) as redis:
        hook = f"{gateway.url}/webhooks/sms/main"
        opted_out = OptOuts(redis, around(bench.deployment))
        assert await gateway.taken(lambda: server.receive(hook, CUSTOMER, NUMBER, "start", sid="SM1")) == 200
        for body, said, out in (
            (" Stop ", {}, True),
            ("Start", {}, False),
            ("arrêtez", {"OptOutType": "STOP"}, True),
            ("oui", {"OptOutType": "START"}, False),
            ("aide", {"OptOutType": "HELP"}, False),
        ):
            assert await server.receive(hook, CUSTOMER, NUMBER, body, **said) == 200
            assert await opted_out.has(NUMBER, CUSTOMER) is out
        assert await server.receive(hook, CUSTOMER, NUMBER, "Help", sid="SM2") == 200
        assert await server.receive(hook, CUSTOMER, NUMBER, "stop it", sid="SM3") == 200
        found = await inbound(bench, 3)
    assert [datum["text"] for _, datum in found] == ["start", "Help", "stop it"]


async def test_a_recorded_start_does_not_undo_a_later_stop(bench):
    async with SmsServer() as server, served(bench, server) as gateway, Redis.from_url(bench.deployment.redis_url) as redis:
        hook = f"{gateway.url}/webhooks/sms/main"
        opted_out = OptOuts(redis, around(bench.deployment))
        assert await gateway.taken(lambda: server.receive(hook, CUSTOMER, NUMBER, "hello", sid="SM0")) == 200
        for body, sid, out in (("Stop", "SM1", True), ("Start", "SM2", False), ("Stop", "SM3", True), ("Start", "SM2", True)):
            assert await server.receive(hook, CUSTOMER, NUMBER, body, sid=sid) == 200
            assert await opted_out.has(NUMBER, CUSTOMER) is out
        assert [datum["text"] for _, datum in await inbound(bench, 1)] == ["hello"]


async def test_what_another_account_has_signed_says_nothing_of_this_ones_number(bench):
    async with (
        SmsServer() as server,
        SmsServer(auth_token="another secret", account_sid="AC2") as other,
        webhooks(
            bench.deployment,
            sms={"line": NUMBER, "free": "+14155550101"},
            gateways={"main": server.account(senders=[NUMBER]), "other": other.account()},
        ) as gateway,
        Redis.from_url(bench.deployment.redis_url) as redis,
    ):
        hook = f"{gateway.url}/webhooks/sms/other"
        for body in ("give me the money", "stop"):
            assert await other.receive(hook, CUSTOMER, NUMBER, body) == 200
        assert not await OptOuts(redis, around(bench.deployment)).has(NUMBER, CUSTOMER)
        assert await gateway.taken(lambda: other.receive(hook, CUSTOMER, "+14155550101", "hello")) == 200
        assert [(datum["account"], datum["text"]) for _, datum in await inbound(bench, 1)] == [("free", "hello")]


async def test_what_the_account_has_not_signed_for_this_address_is_refused(bench):
    async with (
        SmsServer() as server,
        SmsServer(auth_token="another secret", account_sid="AC2") as other,
        webhooks(bench.deployment, sms={"line": NUMBER}, gateways={"main": server.account(), "other": other.account()}) as gateway,
    ):
        hook = f"{gateway.url}/webhooks/sms/main"
        form = {"MessageSid": "SM1", "AccountSid": server.account_sid, "From": CUSTOMER, "To": NUMBER, "Body": "x", "NumMedia": "0"}
        right = server.sign(hook, form)
        for signature in ("", right[:-1], right.lower(), "é", other.sign(hook, form)):
            assert await server.post(hook, form, signature) == 401, signature
        assert await server.post(hook, {**form, "Body": "y"}, right) == 401
        assert await server.post(hook + "?x=1", form, right) == 401
        assert await server.post(f"{gateway.url}/webhooks/sms/other", form, right) == 401
        assert await other.post(f"{gateway.url}/webhooks/sms/other", form) == 401  # signed, but of another account
        assert await server.post(f"{gateway.url}/webhooks/sms/none", form, right) == 404
        for body, status in ((b"\xff=\xff", 400), (b"a" * (LARGEST_BODY_BYTES + 1), 413), (b"&".join([b"a=1"] * 300), 400), (b"", 401)):
            async with gateway.session.post(hook, data=body, headers={"X-Twilio-Signature": right}) as response:
                assert response.status == status
        assert await gateway.taken(lambda: server.post(hook, form)) == 200
        assert len(await inbound(bench, 1)) == 1


async def test_what_no_flow_can_take_is_left_out(bench):
    async with SmsServer() as server, served(bench, server) as gateway:
        hook = f"{gateway.url}/webhooks/sms/main"
        form = {"MessageSid": "SM1", "AccountSid": server.account_sid, "From": CUSTOMER, "To": NUMBER, "Body": "x", "NumMedia": "many"}
        assert await gateway.taken(lambda: server.post(hook, form)) == 200
        for number, change in enumerate(({"To": "+14155550199"}, {"From": ""}, {"From": "+1\r\n2"}, {"MessageSid": ""}, {"Body": ""})):
            assert await server.post(hook, {**form, "MessageSid": f"SM2{number}", **change}) == 200
        assert len(await inbound(bench, 1)) == 1


async def test_where_kafka_is_away_the_gateway_is_asked_to_send_again(bench):
    away = bench.deployment.model_copy(update={"bootstrap_servers": "127.0.0.1:1"})
    async with SmsServer() as server, webhooks(away, sms={"line": NUMBER}, gateways={"main": server.account()}) as gateway:
        assert await server.receive(f"{gateway.url}/webhooks/sms/main", CUSTOMER, NUMBER, "x") == 503
