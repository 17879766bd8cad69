"""The whole way of a payment through Kafka, also where connectors are killed on it."""

import asyncio
import json
import os
import re
import signal
import sys
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web

from connectors.billing import invoice_store, public
from connectors.billing.connector import BillingConnector
from connectors.billing.new_invoice import NewInvoice
from connectors.sql.database import opened
from smart_routing.free_port import free_port
from tests.connectors.billing.billing_bench import OPEN, VALUES, of_amount, of_invoice, settings_with
from tests.connectors.billing.stripe_server import stripe_server
from tests.connectors.command_bench import PATIENCE_SECONDS, around, in_seconds, running
from tests.connectors.conftest import benches
from tests.connectors.mail_server import mail_server
from tests.connectors.messaging.sms_server import SmsServer


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path / 'connectors.db'}"


@pytest.fixture
def billing_bench(kafka, redis_server):
    yield from benches(kafka, redis_server, "billing")


@pytest.fixture
def settings():
    return settings_with(free_port()).model_copy(update={"session_seconds": 1.5})


def variables(sql_url, modules=None, **more):
    return {
        "SMART_ROUTING_SQL_URL": sql_url,
        "SMART_ROUTING_BILLING_MODULES": json.dumps(modules or {}),
        "SMART_ROUTING_BILLING_LOOK_SECONDS": "0.1",
        **more,
    }


async def put(surroundings):
    async with opened(surroundings, "billing") as database, database.writing() as connection:
        await invoice_store.put(connection, [NewInvoice.model_validate(OPEN)])


@asynccontextmanager
async def gateway(surroundings):
    """The pages of payments, as the gateway serves them."""
    application = web.Application()
    public.mount(application, surroundings)
    runner = web.AppRunner(application, shutdown_timeout=0.5)
    await runner.setup()
    try:
        port = int(surroundings.settings.public_url.rpartition(":")[2])
        await web.TCPSite(runner, "127.0.0.1", port).start()
        async with ClientSession() as http:
            yield http
    finally:
        await runner.cleanup()


async def pay(http, link):
    async with http.post(f"{link}/payment", json={"act": "pay", "card": "paid", "tries": 0}) as response:
        assert (response.status, (await response.json())["state"]) == (200, "paid")


async def kill(bench, settings, step, environment):
    """Have a real process execute the command until it kills itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.connectors.billing.doomed", step,
        env={**os.environ, **bench.deployment.to_environment(), **settings.to_environment(), **environment, "PYTHONPATH": "."},
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await process.wait() == -signal.SIGKILL


def link_in(text):
    (link,) = re.findall(r"http://\S+/pay/\S+", text)
    return link


async def test_a_flow_is_told_first_that_the_payment_began_and_at_the_end_what_became_of_it(billing_bench, sql_url, settings):
    surroundings = around(billing_bench.deployment, settings, **variables(sql_url))
    await put(surroundings)
    billing_bench.send("RequestInvoicePayment", of_invoice(), command_id="c1-1-1", deadline=in_seconds(30))
    connector = BillingConnector(surroundings)
    async with gateway(surroundings) as http, running(connector, billing_bench.deployment, settings):
        (begun,) = await billing_bench.responses(1)
        assert (begun["outcome"], begun["values"].items() >= VALUES.items()) == ("payment_started", True)
        await pay(http, link_in(begun["values"]["message"]))
        _, ended = await billing_bench.responses(2)
    assert {name: ended[name] for name in ("command_id", "connector", "outcome", "reason", "values")} == {
        "command_id": "c1-1-1", "connector": "billing", "outcome": "payment_successful", "reason": None,
        "values": {**VALUES, "status": "paid"},
    }  # fmt: skip


async def test_what_becomes_of_a_link_by_sms_is_reported(billing_bench, sqlite_url, settings):
    async with SmsServer() as texts:
        accounts = json.dumps({"main": texts.account()})
        more = {"SMART_ROUTING_SMS_GATEWAY_ACCOUNTS": accounts, "SMART_ROUTING_BILLING_SMS_SENDER": "+14155550100"}
        surroundings = around(billing_bench.deployment, settings, **variables(sqlite_url, **more))
        await put(surroundings)
        for _ in range(2):
            billing_bench.send("RequestAmountPayment", of_amount(mode="sms", mobile_phone="+353861234567"), command_id="c1-1-1")
        async with gateway(surroundings) as http, running(BillingConnector(surroundings), billing_bench.deployment, settings):
            answers = await billing_bench.responses(2)
            assert [answer["outcome"] for answer in answers] == ["notification_sent"] * 2
            (message,) = texts.messages
            assert message.recipient == "+353861234567"
            await pay(http, link_in(message.body))
            *_, (schema, told) = await records(billing_bench, 3)
    assert (schema, told["command_id"], told["outcome"], told["reason"]) == ("result_reported", "c1-1-1", "payment_successful", None)


async def records(bench, number):
    found = await bench.records(bench.deployment.topics.responses, number)
    return [bench.codec.decode(record.value()) for record in found]


@pytest.mark.parametrize(("step", "sql_url"), [("page", "sqlite"), ("answer", "postgresql")], indirect=["sql_url"])
async def test_a_connector_that_is_killed_leaves_one_page_at_the_provider(billing_bench, sql_url, settings, step):
    async with stripe_server() as server:
        environment = variables(sql_url, {"shop": server.module()})
        surroundings = around(billing_bench.deployment, settings, **environment)
        await put(surroundings)
        billing_bench.send("RequestInvoicePayment", of_invoice(), command_id="c1-1-1")
        await kill(billing_bench, settings, step, environment)
        async with running(BillingConnector(surroundings), billing_bench.deployment, settings):
            assert await billing_bench.answers(1) == {"c1-1-1": ("payment_started", None)}
        assert len(server.sessions) == 1


async def test_a_connector_that_is_killed_after_the_link_was_sent_sends_the_same_again(billing_bench, postgresql_url, settings):
    """The one thing that may come twice: the same message, by its Message-Id too, that leads to the same payment."""
    async with mail_server() as server:
        mailbox = json.dumps({"shop": server.mailbox()})
        more = {"SMART_ROUTING_SMTP_MAILBOXES": mailbox, "SMART_ROUTING_BILLING_MAILBOX": "shop"}
        environment = variables(postgresql_url, **more)
        surroundings = around(billing_bench.deployment, settings, **environment)
        await put(surroundings)
        billing_bench.send("RequestInvoicePayment", of_invoice(mode="email"), command_id="c1-1-1")
        await kill(billing_bench, settings, "link", environment)
        async with running(BillingConnector(surroundings), billing_bench.deployment, settings):
            assert await billing_bench.answers(1) == {"c1-1-1": ("notification_sent", None)}
    messages = [received.message for received in server.received]
    assert len({message["Message-Id"] for message in messages}) == 1
    assert len({link_in(message.get_body(("plain",)).get_content()) for message in messages}) == 1


async def test_a_deadline_that_passed_asks_for_no_payment_and_a_provider_that_comes_back_makes_one(billing_bench, sqlite_url, settings):
    async with stripe_server() as server:
        server.wrong = [web.Response(status=500) for _ in range(3)]
        surroundings = around(billing_bench.deployment, settings, **variables(sqlite_url, {"shop": server.module()}))
        await put(surroundings)
        billing_bench.send("RequestInvoicePayment", of_invoice(), command_id="late", deadline=in_seconds(-1))
        billing_bench.send("RequestInvoicePayment", of_invoice(), command_id="c1-1-1", deadline=in_seconds(20))
        async with running(BillingConnector(surroundings), billing_bench.deployment, settings):
            assert await billing_bench.answers(2) == {"late": ("payment_error", "timeout"), "c1-1-1": ("payment_started", None)}
        assert len(server.sessions) == 1


async def test_a_provider_that_is_down_is_left_alone_and_nobody_elses_payment_waits(billing_bench, sqlite_url, settings):
    async with stripe_server() as server:
        server.wrong = [web.Response(status=500) for _ in range(20)]
        surroundings = around(billing_bench.deployment, settings, **variables(sqlite_url, {"shop": server.module()}))
        await put(surroundings)
        cautious = settings.model_copy(update={"breaker_failures": 1, "breaker_seconds": 60.0})
        async with running(BillingConnector(surroundings), billing_bench.deployment, cautious):
            for number in range(3):
                billing_bench.send("RequestInvoicePayment", of_invoice(), command_id=f"c1-1-{number}", deadline=in_seconds(20))
            billing_bench.send("RequestInvoicePayment", of_invoice(module="other"), command_id="c1-1-9", deadline=in_seconds(20))
            answers = await billing_bench.answers(4)
    assert answers == {**{f"c1-1-{number}": ("payment_error", "unreachable") for number in range(3)}, "c1-1-9": ("payment_started", None)}
    assert len(server.requests) == 1


async def test_a_provider_that_stays_away_is_an_error_and_the_payment_is_called_back(billing_bench, sqlite_url, settings):
    async with stripe_server() as server:
        module = server.module()
    surroundings = around(billing_bench.deployment, settings, **variables(sqlite_url, {"shop": module}))
    await put(surroundings)
    billing_bench.send("RequestInvoicePayment", of_invoice(), command_id="c1-1-1", deadline=in_seconds(1.5))
    async with running(BillingConnector(surroundings), billing_bench.deployment, settings):
        (outcome, reason) = (await billing_bench.answers(1))["c1-1-1"]
        assert (outcome, reason in {"unreachable", "timeout"}) == ("payment_error", True)  # as the deadline falls between tries or into one
        billing_bench.send("CancelPayment", {"payment": "c1-1-1"}, command_id="c1-1-2")
        assert (await billing_bench.answers(2))["c1-1-2"] == ("ok", None)
