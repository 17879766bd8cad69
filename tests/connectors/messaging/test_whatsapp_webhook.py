"""WhatsApp's webhook on a real Kafka and a real Redis: what the platform tells, and what others only pretend."""

import json
import time
from base64 import b64encode
from hashlib import sha256

from redis.asyncio import Redis

from connectors.messaging.whatsapp.asked import Asked
from connectors.messaging.whatsapp.webhook import LARGEST_BODY_BYTES
from connectors.messaging.whatsapp.window import Window
from connectors.sms_gateway.attempts import Attempts
from connectors.sms_gateway.receipts import Receipts
from schemas.conversation import conversation_id
from tests.connectors.conftest import KEY
from tests.connectors.messaging.webhook_bench import inbound, webhooks
from tests.connectors.messaging.whatsapp_server import Sent, WhatsAppServer

CUSTOMER = "33612345678"
ANN = conversation_id("whatsapp", "shop", f"+{CUSTOMER}", key=KEY)
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64


def message(message_id, *, age=0, sender=CUSTOMER, **content):
    kind = content.pop("type", next(iter(content)))
    return {"from": sender, "id": message_id, "timestamp": str(int(time.time()) - age), "type": kind, **content}


def text(message_id, body="hello", **more):
    return message(message_id, text={"body": body}, **more)


async def test_a_text_goes_to_the_flow_and_opens_the_window(bench):
    async with WhatsAppServer() as server, webhooks(bench.deployment, whatsapp={"shop": server.account()}) as gateway:
        hook = f"{gateway.url}/webhooks/whatsapp"
        told = text("wamid.1", "<b>é</b>\r\n", age=3)
        assert await gateway.taken(lambda: server.receive(hook, told, name="Ann\r\n<script>")) == 200
        ((record, datum),) = await inbound(bench, 1)
        async with Redis.from_url(bench.deployment.redis_url) as redis:
            assert await Window(redis, bench.deployment.topic_prefix).is_open(ANN)
    assert record.key() == ANN.encode()
    assert datum == {
        "message_id": "wamid.1", "channel": "whatsapp", "account": "shop", "address": f"+{CUSTOMER}", "text": "<b>é</b>\r\n", "media": [],
        "choice": None, "name": "Ann<script>", "locale": None, "sent_at": int(told["timestamp"]) * 1000,
    }  # fmt: skip


async def test_what_the_customer_pressed_is_a_choice(bench):
    reply = {"id": "w1#2", "title": "Bill"}
    async with WhatsAppServer() as server, webhooks(bench.deployment, whatsapp={"shop": server.account()}) as gateway:
        messages = [
            message("1", interactive={"type": "button_reply", "button_reply": reply}),
            message("2", interactive={"type": "list_reply", "list_reply": {**reply, "description": "x"}}),
            message("3", button={"payload": "w1#2", "text": "Bill"}),
        ]
        assert await gateway.taken(lambda: server.receive(f"{gateway.url}/webhooks/whatsapp", *messages)) == 200
        found = await inbound(bench, 3)
    assert [(datum["choice"], datum["text"]) for _, datum in found] == [("w1#2", "Bill")] * 3


async def test_a_customers_picture_is_served_under_a_link_that_nobody_can_guess(bench):
    async with WhatsAppServer() as server, webhooks(bench.deployment, whatsapp={"shop": server.account()}) as gateway:
        picture = {"id": server.add_media("image/png", PNG), "mime_type": "image/png", "caption": "my parcel"}
        paper = {"id": server.add_media("application/pdf", b"%PDF-1.7"), "mime_type": "application/pdf", "filename": "a\r\n.pdf"}
        messages = [message("1", image=picture), message("2", document=paper)]
        assert await gateway.taken(lambda: server.receive(f"{gateway.url}/webhooks/whatsapp", *messages)) == 200
        (_, first), (_, second) = await inbound(bench, 2)
        assert (first["text"], first["media"][0]["mime_type"]) == ("my parcel", "image/png")
        assert (second["text"], second["media"][0]["name"]) == (None, "a.pdf")
        path = first["media"][0]["url"].removeprefix(gateway.url)
        assert path.startswith("/media/")
        status, headers, content = await gateway.get(path)
        assert (status, headers["Content-Type"], content) == (200, "image/png", PNG)
        assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
        assert "sandbox" in headers["Content-Security-Policy"]
        for digest, expected in (
            (lambda content: b64encode(sha256(content).digest()).decode(), 200),
            (lambda _content: None, 200),
            (lambda _content: sha256(b"another").hexdigest(), 502),
        ):
            server.digest = digest
            assert (await gateway.get(path))[0] == expected
        server.digest = lambda _content: None
        status, headers, _ = await gateway.get(second["media"][0]["url"].removeprefix(gateway.url))
        assert (status, headers["Content-Disposition"]) == (200, 'attachment; filename="file.pdf"')
        for guessed in (path[:-1] + ("A" if path[-1] != "A" else "B"), "/media/x", "/media/" + path.split(".")[0].removeprefix("/media/")):
            assert (await gateway.get(guessed))[0] == 404


async def test_a_file_that_is_too_large_or_not_what_it_should_be_is_refused(bench):
    cases = [
        (("image/png", PNG + b"\x00" * 2_000), None, 413),
        (("image/png", b"<script>alert(1)</script>"), None, 502),
        (("text/html", b"<script>alert(1)</script>"), None, 502),
        (("image/png", PNG), "http://169.254.169.254/latest/meta-data/", 502),
        (("image/png", PNG), "https://example.org/picture.png", 502),
        (("image/png", PNG), "http://127.0.0.1:1/picture.png", 502),
    ]
    async with (
        WhatsAppServer() as server,
        webhooks(bench.deployment, whatsapp={"shop": server.account()}, SMART_ROUTING_MESSAGING_LARGEST_MEDIA_BYTES="1000") as gateway,
    ):
        pictures = [
            message(str(number), image={"id": server.add_media(*kept), "mime_type": "image/png"})
            for number, (kept, _, _) in enumerate(cases)
        ]
        assert await gateway.taken(lambda: server.receive(f"{gateway.url}/webhooks/whatsapp", *pictures)) == 200
        paths = [datum["media"][0]["url"].removeprefix(gateway.url) for _, datum in await inbound(bench, len(cases))]
        for path, (_, server.media_url, status) in zip(paths, cases, strict=True):
            assert (await gateway.get(path))[0] == status
        server.media.clear()
        server.media_url = None
        assert (await gateway.get(paths[0]))[0] in {502, 503}


async def test_types_that_say_nothing_or_would_run_in_a_browser_are_left_out(bench):
    async with WhatsAppServer() as server, webhooks(bench.deployment, whatsapp={"shop": server.account()}) as gateway:
        messages = [
            message("1", location={"latitude": 1, "longitude": 2}),
            message("2", reaction={"message_id": "x", "emoji": "😀"}),
            message("3", type="unsupported", errors=[{"code": 131051}]),
            message("4", document={"id": "1", "mime_type": "text/html"}),
            message("5", image={"id": "1", "mime_type": "image/svg+xml", "caption": "look"}),
            message("6", sender="1\r\n", text={"body": "x"}),
            {"id": "7"},
            text("8"),
        ]
        assert await gateway.taken(lambda: server.receive(f"{gateway.url}/webhooks/whatsapp", *messages)) == 200
        found = await inbound(bench, 2)
    assert [(datum["message_id"], datum["text"], datum["media"]) for _, datum in found] == [("5", "look", []), ("8", "hello", [])]


async def test_a_batch_is_taken_whole_and_other_numbers_are_left_out(bench):
    async with WhatsAppServer() as server, webhooks(bench.deployment, whatsapp={"shop": server.account()}) as gateway:
        batch = server.notification({"messages": [text("1"), text("2")]}, {"messages": [text("3")]})
        other = server.notification({"messages": [text("4")]})
        other["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "1"
        third = {"id": "x", "changes": [{"field": "message_template_status_update", "value": {"event": "APPROVED"}}]}
        batch["entry"] += [*other["entry"], third, {"changes": "x"}, "x"]
        assert await gateway.taken(lambda: server.post(f"{gateway.url}/webhooks/whatsapp", batch)) == 200
        assert [datum["message_id"] for _, datum in await inbound(bench, 3)] == ["1", "2", "3"]


async def test_a_replayed_or_stale_message_is_taken_once_or_not_at_all(bench):
    async with WhatsAppServer() as server, webhooks(bench.deployment, whatsapp={"shop": server.account()}) as gateway:
        hook = f"{gateway.url}/webhooks/whatsapp"
        week = 9 * 24 * 60 * 60
        first, old, early = text("1"), text("2", age=week), text("3", age=-week)
        assert await gateway.taken(lambda: server.receive(hook, first)) == 200
        for told in (first, old, early):
            assert await server.receive(hook, told) == 200
        assert len(await inbound(bench, 1)) == 1
        async with Redis.from_url(bench.deployment.redis_url) as redis:
            (known,) = [key async for key in redis.scan_iter("*taken*")]
            # It has to be known for as long as it would be taken, also where the platform's clock is an hour ahead.
            assert await redis.pttl(known) > (8 * 24 + 0.9) * 60 * 60 * 1000


async def test_what_is_not_signed_by_the_accounts_app_is_refused(bench):
    async with (
        WhatsAppServer() as server,
        WhatsAppServer(app_secret="secret of another", phone_number_id="2", business_account_id="3") as other,
        webhooks(bench.deployment, whatsapp={"shop": server.account(), "other": other.account()}) as gateway,
    ):
        hook = f"{gateway.url}/webhooks/whatsapp"
        told = server.notification({"messages": [text("1")]})
        body = json.dumps(told).encode()
        right = server.sign(body)
        for signature in (
            "",
            "sha256=",
            right[:-1],
            right.removeprefix("sha256="),
            right.upper(),
            "sha1=" + right[7:],
            "sha256=é",
            right + "0",
        ):
            assert await server.post(hook, body, signature) == 401, signature
        assert await server.post(hook, body + b" ", right) == 401
        assert await other.post(hook, told) == 200  # signed by the other app, which says nothing of this number
        assert await other.post(hook, b"{}", right) == 401
        assert await server.post(hook, b"not JSON") == 400
        assert await server.post(hook, b"[" * 100_000) == 400
        assert await server.post(hook, b"[1]") == 200
        assert await server.post(hook, b"x" * (LARGEST_BODY_BYTES + 1)) == 413
        assert await gateway.taken(lambda: other.receive(hook, text("2"))) == 200
        assert [datum["account"] for _, datum in await inbound(bench, 1)] == ["other"]


async def test_the_webhook_is_verified_with_our_own_secret_only(bench):
    async with WhatsAppServer() as server, webhooks(bench.deployment, whatsapp={"shop": server.account()}) as gateway:
        asked = {"hub.mode": "subscribe", "hub.verify_token": server.verify_token, "hub.challenge": "1158201444"}
        for change, status in (
            ({}, 200),
            ({"hub.verify_token": "another"}, 403),
            ({"hub.verify_token": ""}, 403),
            ({"hub.mode": "unsubscribe"}, 403),
            ({"hub.challenge": "<script>"}, 400),
            ({"hub.challenge": ""}, 400),
        ):
            async with gateway.session.get("/webhooks/whatsapp", params={**asked, **change}) as response:
                assert (response.status, response.content_type) == (status, "text/plain" if status == 200 else "application/json")
                assert status != 200 or await response.text() == "1158201444"


async def test_receipts_are_kept_by_command_and_never_go_back(bench):
    async with (
        WhatsAppServer() as server,
        WhatsAppServer(app_secret="secret of another", phone_number_id="2", business_account_id="3") as other,
        webhooks(bench.deployment, whatsapp={"shop": server.account(), "other": other.account()}) as gateway,
    ):
        hook = f"{gateway.url}/webhooks/whatsapp"
        sent = Sent("wamid.9", CUSTOMER, {"biz_opaque_callback_data": "c1"})
        lost = Sent("wamid.8", CUSTOMER, {"biz_opaque_callback_data": "c2"})
        unasked = Sent("wamid.7", CUSTOMER, {})
        async with Redis.from_url(bench.deployment.redis_url) as redis:
            receipts = Receipts(redis, f"{bench.deployment.topic_prefix}whatsapp:", 60)
            for command_id in ("c1", "c2"):
                await Attempts(redis, f"{bench.deployment.topic_prefix}whatsapp:", 60).begin(command_id, Asked("shop", {}).to_json())
            for sender, told in ((other, sent), (server, Sent("wamid.6", CUSTOMER, {"biz_opaque_callback_data": "c3"}))):
                assert await sender.report(hook, told, "read") == 200
                assert await receipts.find(told.data) is None  # another account's message, or nobody's
            for status, kept in (("sent", "sent"), ("read", "read"), ("delivered", "read"), ("sent", "read"), ("strange", "read")):
                assert await server.report(hook, sent, status) == 200
                found = await receipts.find("c1")
                assert found is not None
                assert (found["status"], found["message"]) == (kept, "wamid.9")
            assert await server.report(hook, lost, "failed", 131026) == 200
            found = await receipts.find("c2")
            assert found is not None
            assert (found["status"], found["code"]) == ("failed", "131026")
            assert await server.report(hook, unasked, "sent") == 200


async def test_where_kafka_is_away_the_platform_is_asked_to_send_again(bench, redis_server):
    away = bench.deployment.model_copy(update={"bootstrap_servers": "127.0.0.1:1"})
    async with WhatsAppServer() as server:
        account = {"shop": server.account()}
        told = text("1")
        async with webhooks(away, whatsapp=account) as gateway:
            assert await server.receive(f"{gateway.url}/webhooks/whatsapp", told) == 503
        async with webhooks(bench.deployment, whatsapp=account) as gateway:
            assert await gateway.taken(lambda: server.receive(f"{gateway.url}/webhooks/whatsapp", told)) == 200
            redis_server.stop()
            assert await server.receive(f"{gateway.url}/webhooks/whatsapp", text("2")) == 503
        assert len(await inbound(bench, 1)) == 1
