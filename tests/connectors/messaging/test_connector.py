"""The messaging connector with all its channels, on a real Kafka."""

import asyncio
import json
import os
import ssl
import time
from contextlib import asynccontextmanager
from ipaddress import ip_network

from aiohttp import web
from redis.asyncio import Redis

from connectors.framework.addresses import AddressGuard
from connectors.framework.outbound import Outbound
from connectors.framework.surroundings import Surroundings
from connectors.messaging.connector import MessagingConnector
from connectors.messaging.whatsapp.window import Window
from connectors.sms_gateway.receipts import Receipts
from tests.connectors.command_bench import PATIENCE_SECONDS, QUICK, around, in_seconds, running
from tests.connectors.messaging.sms_server import SmsServer
from tests.connectors.messaging.whatsapp_server import WhatsAppServer
from tests.connectors.test_crash import program
from tests.connectors.test_image import CERTIFICATE, PNG, https

NUMBER, CUSTOMER = "+14155550100", "+33612345678"
LIMITS = {"buttons": 3, "button_length": 20, "list_items": 10, "list_item_length": 24}
NOTHING = dict.fromkeys(LIMITS, 0)
CHOICES = [{"id": "w1#1", "text": "Order"}, {"id": "w1#2", "text": "Bill"}]


def environment(whatsapp, sms):
    return {
        "SMART_ROUTING_MESSAGING_WHATSAPP_ACCOUNTS": json.dumps({"shop": whatsapp.account()}),
        "SMART_ROUTING_MESSAGING_SMS_ACCOUNTS": json.dumps({"line": NUMBER}),
        "SMART_ROUTING_MESSAGING_SETTLED_SECONDS": "0.5",
        "SMART_ROUTING_SMS_GATEWAY_ACCOUNTS": json.dumps({"main": sms.account()}),
    }


@asynccontextmanager
async def connected(bench, whatsapp, sms, settings=QUICK):
    connector = MessagingConnector(Surroundings(bench.deployment, settings, environment(whatsapp, sms)))
    async with running(connector, bench.deployment, settings):
        yield


async def wrote(bench, *conversations):
    """These customers have just written to us by WhatsApp."""
    async with Redis.from_url(bench.deployment.redis_url) as redis:
        for conversation in conversations:
            await Window(redis, bench.deployment.topic_prefix).wrote(conversation, int(time.time() * 1000))


def send(bench, command_id, channel, account, text="hello", *, choices=None, conversation="c1", address=CUSTOMER, **more):
    where = {"command_id": command_id, "conversation": conversation, "channel": channel, "account": account, "address": address, **more}
    if choices is None:
        bench.send("SendMessage", {"text": text}, **where)
    else:
        bench.send("SendChoices", {"text": text, "choices": choices, "limits": NOTHING if channel == "sms" else LIMITS}, **where)


async def test_each_command_goes_to_its_channel_in_order(bench):
    await wrote(bench, "c1")
    async with WhatsAppServer() as whatsapp, SmsServer() as sms, connected(bench, whatsapp, sms):
        for number in range(5):
            send(bench, f"w{number}", "whatsapp", "shop", f"text {number}")
        send(bench, "w5", "whatsapp", "shop", "Which?", choices=CHOICES)
        send(bench, "s1", "sms", "line", "Bonjour", conversation="c2")
        send(bench, "s2", "sms", "line", "Which?", choices=CHOICES, conversation="c2")
        send(bench, "chat", "web_chat", "demo", conversation="c3")
        send(bench, "x1", "sms", "another", conversation="c4")
        send(bench, "x2", "whatsapp", "another", conversation="c5")
        send(bench, "x3", "whatsapp", "shop", conversation="c6")
        send(bench, "x4", "pigeon", "shop", conversation="c7")
        found = {answer["command_id"]: answer for answer in await bench.responses(13)}
        assert {name: (answer["outcome"], answer["reason"], answer["values"]) for name, answer in found.items()} == {
            **{f"w{number}": ("ok", None, {}) for number in range(5)},
            "w5": ("ok", None, {"rendered": "buttons"}),
            "s1": ("ok", None, {}),
            "s2": ("ok", None, {"rendered": "numbered"}),
            "chat": ("ok", None, {}),
            "x1": ("error", "unknown_account", {}),
            "x2": ("error", "unknown_account", {}),
            "x3": ("error", "outside_window", {}),
            "x4": ("error", "unknown_channel", {}),
        }
        assert [sent.message["text"]["body"] for sent in whatsapp.sent[:5]] == [f"text {number}" for number in range(5)]
        assert [message.body for message in sms.messages] == ["Bonjour", "Which?\n1. Order\n2. Bill"]


async def test_an_image_is_one_is_none_or_cannot_be_looked_at(bench):
    async def pictures(request):
        if request.path == "/away":
            return web.Response(status=500)
        return web.Response(body=PNG, content_type="image/png" if request.path == "/a.png" else "text/html")

    connector = MessagingConnector(around(bench.deployment))
    # The settings allow loopback addresses, but no certificate authority of one's own.
    connector._outbound = Outbound(AddressGuard([ip_network("127.0.0.1/32")]), ssl.create_default_context(cafile=CERTIFICATE))
    async with https(pictures) as base, running(connector, bench.deployment):
        for name in ("a.png", "page", "away"):
            bench.send("CheckImage", {"url": f"{base}/{name}"}, command_id=name, conversation=name, deadline=in_seconds(3))
        found = {answer["command_id"]: (answer["outcome"], answer["reason"], answer["values"]) for answer in await bench.responses(3)}
    assert found.pop("away") in [("error", "status", {}), ("error", "timeout", {})]  # as the deadline falls between tries or into one
    assert found == {"a.png": ("ok", None, {"mime_type": "image/png"}), "page": ("not_an_image", "not_an_image", {})}


async def test_a_deadline_that_passes_while_a_provider_hangs_leaves_it_unknown(bench):
    await wrote(bench, "c1")
    async with WhatsAppServer() as whatsapp, SmsServer() as sms, connected(bench, whatsapp, sms):
        send(bench, "0", "web_chat", "demo", conversation="c3")
        assert await bench.answers(1) == {"0": ("ok", None)}  # the connector is up
        whatsapp.faults.append("hang")
        sms.faults.append("hang")
        sms.faults.extend(["list_down"] * 100)
        send(bench, "1", "whatsapp", "shop", deadline=in_seconds(2))
        send(bench, "2", "sms", "line", conversation="c2", deadline=in_seconds(2))
        unknown = ("unknown", "unreachable")
        assert await bench.answers(3) == {"0": ("ok", None), "1": unknown, "2": unknown}
        assert (len(whatsapp.sent), len(sms.messages)) == (1, 1)


async def test_an_account_is_written_to_at_its_rate(bench):
    settings = QUICK.model_validate({**QUICK.model_dump(), "rates": "{messaging/whatsapp/*: 10}"})
    await wrote(bench, *(f"c{number}" for number in range(10)))
    async with WhatsAppServer(per_second=11) as whatsapp, SmsServer() as sms, connected(bench, whatsapp, sms, settings):
        for number in range(10):
            send(bench, str(number), "whatsapp", "shop", conversation=f"c{number}")
        assert {answer["outcome"] for answer in await bench.responses(10)} == {"ok"}
        assert whatsapp.requests == ["send"] * 10  # so that the platform had nothing to refuse
        assert whatsapp.times[-1] - whatsapp.times[0] > 0.5


async def test_a_message_whose_connector_was_killed_is_never_sent_again(bench):
    """A receipt tells that it was sent; without one nobody knows, and the answer says so."""
    settings = QUICK.model_copy(update={"session_seconds": 1.5})
    await wrote(bench, "c1", "c2")
    async with WhatsAppServer() as whatsapp, SmsServer() as sms:
        variables = environment(whatsapp, sms)
        os.environ.update(variables)
        try:
            for number in ("1", "2"):
                send(bench, number, "whatsapp", "shop", conversation=f"c{number}", deadline=in_seconds(60))
            async with program(bench.deployment, settings, "-m", "tests.connectors.messaging.doomed") as process:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    for _ in range(2):
                        assert await process.stdout.readline() == b"done, not recorded\n"
        finally:
            for name in variables:
                del os.environ[name]
        async with Redis.from_url(bench.deployment.redis_url) as redis:
            (told,) = (sent for sent in whatsapp.sent if sent.data == "1")
            await Receipts(redis, f"{bench.deployment.topic_prefix}whatsapp:", 60).record("1", "delivered", told.id)
        async with connected(bench, whatsapp, sms, settings):
            assert await bench.answers(2) == {"1": ("ok", None), "2": ("unknown", "unreachable")}
        assert len(whatsapp.sent) == 2
