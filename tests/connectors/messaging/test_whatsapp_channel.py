"""Messages that go out by WhatsApp, each once, to an API on loopback."""

import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from connectors.framework.breaker import Breakers
from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry, StoreAway
from connectors.framework.surroundings import Surroundings
from connectors.messaging.whatsapp.channel import WhatsApp
from connectors.messaging.whatsapp.window import WINDOW_SECONDS, Window
from connectors.sms_gateway.receipts import Receipts
from schemas.deployment import Deployment
from tests.connectors.command_bench import QUICK, in_seconds
from tests.connectors.messaging.whatsapp_server import WhatsAppServer

CUSTOMER = "+33612345678"
LIMITS = {"buttons": 3, "button_length": 20, "list_items": 10, "list_item_length": 24}
FEW = [{"id": "w1#1", "text": "Order"}, {"id": "w1#2", "text": "Bill"}]
MANY = [{"id": f"w1#{number}", "text": f"Choice number {number}"} for number in range(1, 6)]


@pytest.fixture
def redis_server(shared_redis):
    """The module's, emptied."""
    with SyncRedis.from_url(shared_redis.url) as redis:
        redis.flushall()
    return shared_redis


def context(command_id="c1", account="shop", address=CUSTOMER):
    return Context(command_id, "conversation", None, {"channel": "whatsapp", "account": account, "address": address})


def choices(given=FEW, text="What is it about?", template=None, **limits):
    return {"text": text, "choices": given, "limits": {**LIMITS, **limits}, "template": template}


@asynccontextmanager
async def channel(redis_server, server, *, wrote=0.0, account=None, **settings):
    """The channel, to a customer who wrote so many seconds ago; None: never."""
    deployment = Deployment(redis_url=redis_server.url, conversation_key="a key of the tests, long enough")
    environment = {
        "SMART_ROUTING_MESSAGING_WHATSAPP_ACCOUNTS": json.dumps({"shop": account or server.account()}),
        "SMART_ROUTING_MESSAGING_SETTLED_SECONDS": "0.3",
        **{f"SMART_ROUTING_MESSAGING_{name.upper()}": str(value) for name, value in settings.items()},
    }
    whatsapp = WhatsApp(Surroundings(deployment, QUICK, environment))
    await whatsapp.open()
    try:
        async with Redis.from_url(redis_server.url) as redis:
            if wrote is not None:
                await Window(redis, deployment.topic_prefix).wrote("conversation", int((time.time() - wrote) * 1000))
            yield whatsapp
    finally:
        await whatsapp.close()


async def test_a_text_goes_out_once_however_often_it_is_asked_for(redis_server):
    async with WhatsAppServer() as server, channel(redis_server, server) as whatsapp:
        for command_id in ("c1", "c1", "c2"):
            assert (await whatsapp.send_message({"text": "Bonjour <é>"}, context(command_id))).outcome == "ok"
        assert [sent.message for sent in server.sent] == [
            {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "to": "33612345678",
                "biz_opaque_callback_data": command_id,
                "type": "text",
                "text": {"preview_url": False, "body": "Bonjour <é>"},
            }
            for command_id in ("c1", "c2")
        ]


@pytest.mark.parametrize(
    ("body", "rendered"),
    [
        (choices(), "buttons"),
        (choices(MANY), "list"),
        (choices(text="x" * 1025), "list"),
        (choices([{"id": "1", "text": "more than twenty letters"}]), "list"),
        (choices([{"id": "1", "text": "more than twenty-four letters"}]), "numbered"),
        (choices(buttons=0, list_items=0), "numbered"),
        (choices([{"id": "1", "text": "of a variable"}, {"id": "2", "text": "of a variable"}]), "numbered"),
        (choices([{"id": "1", "text": " "}]), "numbered"),
        (choices(text=" "), "numbered"),
    ],
)
async def test_buttons_where_they_fit_else_a_list_else_numbers_and_the_answer_says_which(redis_server, body, rendered):
    async with WhatsAppServer() as server, channel(redis_server, server) as whatsapp:
        for _ in range(2):
            outcome = await whatsapp.send_choices(body, context())
            assert (outcome.outcome, outcome.values) == ("ok", {"rendered": rendered})
        (sent,) = server.sent
    match rendered:
        case "buttons":
            assert [button["reply"]["id"] for button in sent.message["interactive"]["action"]["buttons"]] == ["w1#1", "w1#2"]
        case "list":
            assert sent.message["interactive"]["action"]["button"] == "Choose"
        case "numbered":
            assert sent.message["text"]["body"].startswith(f"{body['text']}\n1. ")


async def test_a_template_with_the_same_buttons_is_sent_also_outside_of_the_window(redis_server):
    async with WhatsAppServer() as server, channel(redis_server, server, wrote=None) as whatsapp:
        server.add_template("offer", "Hello, {{1}} Choose.", "Order", "Bill", status="PENDING", language="en")
        server.add_template("offer_2", "Hello", "Order", "Bill")
        server.add_template("offer", "Bonjour, {{1}} Choisissez.", "Order", "Bill")
        outcome = await whatsapp.send_choices(choices(text="two\nlines   and spaces", template="offer"), context())
        assert outcome.values == {"rendered": "buttons"}
        assert server.sent[0].message["template"] == {
            "name": "offer",
            "language": {"code": "fr"},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "text": "two lines and spaces"}]},
                {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "w1#1"}]},
                {"type": "button", "sub_type": "quick_reply", "index": "1", "parameters": [{"type": "payload", "payload": "w1#2"}]},
            ],
        }


@pytest.mark.parametrize(
    "template",
    [
        None,
        ("offer", "Hello", "Order", "Bills"),
        ("offer", "Hello", "Bill", "Order"),
        ("offer", "Hello", "Order"),
        ("offer", "Hello {{1}}, {{2}}", "Order", "Bill"),
        ("offers", "Hello", "Order", "Bill"),
    ],
)
async def test_a_template_that_does_not_fit_is_sent_as_numbers_with_a_warning(redis_server, template):
    async with WhatsAppServer() as server, channel(redis_server, server) as whatsapp:
        if template is not None:
            server.add_template(*template)
        for _ in range(2):
            outcome = await whatsapp.send_choices(choices(template="offer"), context())
            assert outcome.values == {"rendered": "numbered", "warning": "template_mismatch"}
        assert [sent.message["text"]["body"] for sent in server.sent] == ["What is it about?\n1. Order\n2. Bill"]


@pytest.mark.parametrize(
    "template",
    [
        {"name": "offer", "status": "APPROVED", "components": [{"type": "BUTTONS", "buttons": ["x", None]}, 1]},
        {"name": "offer", "status": "APPROVED", "components": [{"type": "BUTTONS", "buttons": "x"}, {"type": "BODY", "text": 5}]},
        {"name": "offer", "status": "APPROVED", "components": {"type": "BUTTONS"}},
        {"name": ["offer"]},
    ],
)
async def test_templates_that_make_no_sense_do_not_fit(redis_server, template):
    async with WhatsAppServer() as server, channel(redis_server, server) as whatsapp:
        server.templates.append(template)
        outcome = await whatsapp.send_choices(choices(template="offer"), context())
        assert outcome.values == {"rendered": "numbered", "warning": "template_mismatch"}


async def test_where_templates_cannot_be_looked_up_none_is_sent(redis_server):
    async with WhatsAppServer(business_account_id="another") as server:
        for more in ({"business_account_id": None}, {"business_account_id": "1"}):
            account = {**server.account(), **more}
            async with channel(redis_server, server, account=account) as whatsapp:
                outcome = await whatsapp.send_choices(choices(template="offer"), context(str(more)))
                assert outcome.values == {"rendered": "numbered", "warning": "template_mismatch"}


async def test_a_template_that_whatsapp_itself_refuses_is_sent_as_numbers_too(redis_server):
    async with WhatsAppServer() as server, channel(redis_server, server) as whatsapp:
        server.add_template("offer", "Hello", "Order", "Bill")
        server.faults.append(132015)
        outcome = await whatsapp.send_choices(choices(template="offer"), context())
        assert outcome.values == {"rendered": "numbered", "warning": "template_mismatch"}


@pytest.mark.parametrize("wrote", [None, WINDOW_SECONDS + 5])
async def test_outside_of_the_window_nothing_but_a_template_is_asked_for(redis_server, wrote):
    async with WhatsAppServer() as server, channel(redis_server, server, wrote=wrote) as whatsapp:
        for attempt in (
            whatsapp.send_message({"text": "hello"}, context()),
            whatsapp.send_choices(choices(template="offer"), context("c2")),
        ):
            with pytest.raises(Refused) as raised:
                await attempt
            assert raised.value.reason == "outside_window"
        assert server.sent == []
        async with Redis.from_url(redis_server.url) as redis:
            await Window(redis, "sr.").wrote("conversation", int(time.time() * 1000))
        assert (await whatsapp.send_message({"text": "hello"}, context())).outcome == "ok"


@pytest.mark.parametrize(
    ("code", "failure", "reason"),
    [
        (130429, Retry, "busy"),
        (131056, Retry, "busy"),
        (80007, Retry, "busy"),
        (131000, Retry, "unreachable"),
        (131047, Refused, "outside_window"),
        (131026, Refused, "undeliverable"),
        (131050, Refused, "opted_out"),
        (190, Refused, "account_refused"),
        (200, Refused, "account_refused"),
        (368, Refused, "account_refused"),
        (131009, Refused, "refused"),
    ],
)
async def test_each_error_of_the_api_has_its_reason_and_sends_nothing(redis_server, code, failure, reason):
    async with WhatsAppServer() as server, channel(redis_server, server) as whatsapp:
        server.faults.append(code)
        with pytest.raises(failure) as raised:
            await whatsapp.send_message({"text": "hello"}, context())
        assert (raised.value.reason, raised.value.outcome, server.sent) == (reason, None, [])
        assert f"code {code})" in str(raised.value)
        assert (await whatsapp.send_message({"text": "hello"}, context())).outcome == "ok"


async def test_the_accounts_throughput_is_kept(redis_server):
    async with WhatsAppServer(per_second=1) as server, channel(redis_server, server) as whatsapp:
        await whatsapp.send_message({"text": "hello"}, context())
        with pytest.raises(Retry) as raised:
            await whatsapp.send_message({"text": "hello"}, context("c2"))
        assert raised.value.reason == "busy"


@pytest.mark.parametrize("fault", ["unavailable", "service_down"])
async def test_an_api_that_is_down_is_tried_again(redis_server, fault):
    async with WhatsAppServer() as server, channel(redis_server, server) as whatsapp:
        server.faults.append(fault)
        with pytest.raises(Retry) as raised:
            await whatsapp.send_message({"text": "hello"}, context())
        assert (raised.value.reason, raised.value.outcome) == ("unreachable", None)
        assert (await whatsapp.send_message({"text": "hello"}, context())).outcome == "ok"


async def test_an_api_that_is_away_is_tried_again(redis_server):
    async with WhatsAppServer() as server:
        account = server.account()
    async with channel(redis_server, server, account=account) as whatsapp:
        with pytest.raises(Retry) as raised:
            await whatsapp.send_message({"text": "hello"}, context())
        assert (raised.value.reason, raised.value.outcome) == ("unreachable", None)
        async with WhatsAppServer(port=server.port) as server:
            assert (await whatsapp.send_message({"text": "hello"}, context())).outcome == "ok"


@pytest.mark.parametrize("fault", ["lose_request", "lose_answer", "hang", "no_http", "nonsense", "bad_gateway"])
async def test_what_was_not_answered_is_never_sent_again_and_unknown_without_a_receipt(redis_server, fault):
    async with WhatsAppServer() as server, channel(redis_server, server, request_seconds=0.2) as whatsapp:
        server.faults.append(fault)
        for _ in range(2):
            with pytest.raises(Retry) as raised:
                await whatsapp.send_message({"text": "hello"}, context())
            assert (raised.value.reason, raised.value.outcome) == ("unreachable", "unknown")
        time.sleep(0.3)  # noqa: ASYNC251 - nothing else is to happen meanwhile
        outcome = await whatsapp.send_message({"text": "hello"}, context())
        assert (outcome.outcome, outcome.reason) == ("unknown", "unreachable")
        assert server.requests == ["send"]


async def test_a_receipt_tells_that_what_was_not_answered_was_sent(redis_server):
    async with WhatsAppServer() as server, channel(redis_server, server) as whatsapp:
        server.faults.append("lose_answer")
        with pytest.raises(Retry):
            await whatsapp.send_choices(choices(), context())
        async with Redis.from_url(redis_server.url) as redis:
            await Receipts(redis, "sr.whatsapp:", 60).record("c1", "sent", server.sent[0].id)
        for _ in range(2):
            outcome = await whatsapp.send_choices(choices(), context())
            assert (outcome.outcome, outcome.values) == ("ok", {"rendered": "buttons"})
        assert server.requests == ["send"]


@pytest.mark.parametrize(("code", "reason"), [("131047", "outside_window"), ("131000", "undeliverable"), ("", "undeliverable")])
async def test_a_receipt_tells_that_what_was_not_answered_was_never_delivered(redis_server, code, reason):
    async with WhatsAppServer() as server, channel(redis_server, server) as whatsapp:
        server.faults.append("lose_answer")
        with pytest.raises(Retry):
            await whatsapp.send_message({"text": "hello"}, context())
        async with Redis.from_url(redis_server.url) as redis:
            await Receipts(redis, "sr.whatsapp:", 60).record("c1", "failed", server.sent[0].id, code)
        for _ in range(2):
            with pytest.raises(Refused) as raised:
                await whatsapp.send_message({"text": "hello"}, context())
            assert raised.value.reason == reason
        assert server.requests == ["send"]


async def test_waiting_for_a_receipt_is_no_sign_that_whatsapp_is_ill(redis_server):
    breakers = Breakers(failures=2, seconds=60)
    async with WhatsAppServer() as server, channel(redis_server, server, settled_seconds=60) as whatsapp:
        server.faults.append("lose_answer")
        for _ in range(4):
            with pytest.raises(Retry) as raised, breakers.watch("whatsapp/shop"):
                await whatsapp.send_message({"text": "hello"}, context())
            assert raised.value.outcome == "unknown"
        assert breakers.wait("whatsapp/shop") == 0


async def test_redis_that_goes_away_before_a_message_is_asked_for_leaves_nothing_in_doubt(redis_server, monkeypatch):
    async with WhatsAppServer() as server, channel(redis_server, server) as whatsapp:

        async def away(*_):
            raise RedisConnectionError

        with monkeypatch.context() as patched:
            patched.setattr(Window, "is_open", away)
            with pytest.raises(StoreAway):
                await whatsapp.send_message({"text": "hello"}, context())
        assert (await whatsapp.send_message({"text": "hello"}, context())).outcome == "ok"


async def test_what_could_not_be_answered_before_the_deadline_is_not_asked_for(redis_server):
    async with WhatsAppServer() as server, channel(redis_server, server) as whatsapp:
        with pytest.raises(Refused) as raised:
            await whatsapp.send_message({"text": "hello"}, replace(context(), deadline=in_seconds(0.4)))
        assert (raised.value.reason, server.requests) == ("timeout", [])


async def test_what_cannot_be_sent_is_refused_before_it_is_asked_for(redis_server):
    async with WhatsAppServer() as server, channel(redis_server, server) as whatsapp:
        for body, given, reason in (
            ({"text": "hello"}, context(account="another"), "unknown_account"),
            ({"text": "x" * 4097}, context(), "too_long"),
        ):
            with pytest.raises(Refused) as raised:
                await whatsapp.send_message(body, given)
            assert raised.value.reason == reason
        with pytest.raises(Refused) as raised:
            await whatsapp.send_choices(choices(text="x" * 4090, list_items=0), context())
        assert raised.value.reason == "too_long"
        assert server.requests == []


async def test_signs_of_every_kind_arrive_as_they_are(redis_server):
    text = 'a"}],"to":"1"\r\n\x00\x07<script>{{1}}😀'
    given = [{"id": "a\r\nb", "text": '"<b>\t'}]
    async with WhatsAppServer() as server, channel(redis_server, server) as whatsapp:
        await whatsapp.send_choices(choices(given, text), context(address="+33612345678"))
        with pytest.raises(Refused):
            await whatsapp.send_message({"text": text}, context("c2", address="1/../../x\r\n"))
        (sent,) = server.sent
        assert sent.message["interactive"]["body"]["text"] == text
        assert sent.message["interactive"]["action"]["buttons"][0]["reply"] == {"id": "a\r\nb", "title": '"<b>\t'}
