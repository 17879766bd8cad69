"""Payments at a provider: Checkout Sessions and signed webhooks, against a server that behaves as Stripe's documents say."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from connectors.framework.errors import Refused, Retry
from connectors.framework.outcome import Outcome
from tests.connectors.billing.billing_bench import OPEN, VALUES, billing, context, of_amount, of_invoice
from tests.connectors.billing.stripe_server import WEBHOOK_SECRET, signed, stripe_server
from tests.connectors.billing.test_billing_sandbox import look, mailbox
from tests.connectors.mail_server import mail_server

PAID = {**VALUES, "status": "paid"}


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path / 'connectors.db'}"


@asynccontextmanager
async def at_provider(sql_url, **environment):
    async with stripe_server() as server, billing(sql_url, modules={"shop": server.module()}, **environment) as bench:
        server.webhook = f"{bench.address}/webhooks/stripe/shop"
        yield server, bench


async def test_a_payment_is_made_on_the_providers_page_and_told_by_a_webhook(sql_url):
    async with at_provider(sql_url) as (server, bench):
        link = await bench.begin(of_invoice(locale="de-DE"))
        (method, path, form, key) = server.requests[0]
        assert (method, path, key) == ("POST", "/v1/checkout/sessions", "c1-1-1")
        assert form.items() >= {
            "mode": "payment", "client_reference_id": "c1-1-1", "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": "eur", "line_items[0][price_data][unit_amount]": "8740",
            "line_items[0][price_data][product_data][name]": "Rechnung 20260117", "metadata[payment]": "c1-1-1",
            "payment_intent_data[metadata][payment]": "c1-1-1", "success_url": f"{link}?done=1", "cancel_url": link, "locale": "de",
            "customer_email": "aoife@example.org",
        }.items()  # fmt: skip
        shown = await bench.page(link)
        assert (shown["elsewhere"], shown["merchant"]) == (True, "Heron Electric")
        assert await bench.act(link, act="pay") == {"redirect": server.session["url"]}
        await server.pay(server.session)
        assert (await bench.page(link))["state"] == "paid"
        assert await bench.told() == [("response", "payment_successful", None, PAID)]
        assert (await bench.invoice()).paid_by == "c1-1-1"


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        ({"decline_code": "insufficient_funds"}, "failed_payment", "insufficient_funds"),
        ({"decline_code": "fraudulent"}, "fraudulent_payment", "fraudulent"),
        ({"decline_code": "stolen_card"}, "fraudulent_payment", "stolen_card"),
        ({"code": "expired_card", "decline_code": None}, "failed_payment", "expired_card"),
        ({"code": "processing_error", "decline_code": None}, "payment_error", "processing_error"),
        (
            {"code": "payment_method_provider_decline", "decline_code": None, "method": "sepa_debit"},
            "bank_transfer_error",
            "payment_method_provider_decline",
        ),
    ],
)
async def test_within_the_conversation_a_decline_ends_the_payment_once_its_page_takes_no_money(sqlite_url, error, outcome, reason):
    async with at_provider(sqlite_url) as (server, bench):
        link = await bench.begin(of_invoice())
        await server.decline(server.session, **error)
        assert await bench.told() == [], "the page is still open at the provider"
        assert (await bench.page(link))["state"] == "ended"
        await look(bench)
        assert server.session["status"] == "expired"
        assert await bench.told() == [("response", outcome, reason, VALUES)]


async def test_a_customer_who_pays_while_the_page_is_being_closed_has_paid(sql_url):
    async with at_provider(sql_url) as (server, bench):
        await bench.begin(of_invoice())
        await server.decline(server.session)
        body = await server.pay(server.session, told=False)
        await look(bench)  # the provider says that it is too late
        assert await bench.told() == [("response", "payment_successful", None, PAID)]
        assert await server.tell(body) == 200
        assert len(await bench.told()) == 1


async def test_by_a_link_a_decline_is_told_and_the_link_can_be_used_again(sqlite_url):
    async with mail_server() as mails, at_provider(sqlite_url, **mailbox(mails)) as (server, bench):
        outcome = await bench.do("request_invoice_payment", of_invoice(mode="email"))
        assert outcome.outcome == "notification_sent"
        for _ in range(2):
            await server.decline(server.session)
        await server.pay(server.session)
        assert [told[:3] for told in await bench.told()] == [
            ("result_reported", "failed_payment", "generic_decline"),
            ("result_reported", "failed_payment", "generic_decline"),
            ("result_reported", "payment_successful", None),
        ]


async def test_a_bank_transfer_takes_its_time_and_may_fail(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        for number, (kind, outcome, reason) in enumerate(
            [
                ("checkout.session.async_payment_succeeded", "payment_successful", None),
                ("checkout.session.async_payment_failed", "bank_transfer_error", "async_payment_failed"),
            ]
        ):
            link = await bench.begin(of_amount(), context(f"c1-1-{number}"))
            await server.pay(server.session, delayed=True)
            assert (await bench.page(link))["state"] == "processing"
            assert isinstance(await bench.do("cancel_payment", {"payment": f"c1-1-{number}"}, context(f"c1-2-{number}")), Refused)
            await server.tell(server.event(kind, server.session))
            assert (await bench.told())[-1][:3] == ("response", outcome, reason)


@pytest.mark.parametrize("first", ["payment_intent.payment_failed", "checkout.session.async_payment_failed"])
async def test_a_transfer_that_fails_is_told_once_although_the_provider_tells_it_twice(sqlite_url, first):
    async with mail_server() as mails, at_provider(sqlite_url, **mailbox(mails)) as (server, bench):
        await bench.do("request_invoice_payment", of_invoice(mode="email"))
        await server.pay(server.session, delayed=True)
        events = {
            "payment_intent.payment_failed": server.failed_intent(server.session, "payment_method_provider_decline", None, "sepa_debit"),
            "checkout.session.async_payment_failed": server.event("checkout.session.async_payment_failed", server.session),
        }
        for body in (events.pop(first), *events.values()):
            assert await server.tell(body) == 200
        assert [told[:3] for told in await bench.told()] == [("result_reported", "bank_transfer_error", "async_payment_failed")]
        assert (await bench.payment()).state == "open", "the link can be used again"


async def test_an_expired_page_ends_a_payment_within_the_conversation(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        await bench.begin(of_invoice())
        server.session["status"] = "expired"
        await server.tell(server.event("checkout.session.expired", server.session))
        assert await bench.told() == [("response", "payment_stopped", "expired", VALUES)]


async def test_a_link_outlives_the_providers_pages(sqlite_url):
    async with mail_server() as mails, at_provider(sqlite_url, **mailbox(mails)) as (server, bench):
        await bench.do("request_invoice_payment", of_invoice(mode="email"))
        first = server.session
        first["status"] = "expired"
        await server.tell(server.event("checkout.session.expired", first))
        await bench.change(session_expires_at=1)
        assert await bench.told() == []
        link = bench.connector._invitations._links.url("pay", "/pay", (await bench.payment()).code)
        redirects = await asyncio.gather(*(bench.act(link, act="pay", tries=0) for _ in range(4)))
        assert server.session is not first
        assert {found["redirect"] for found in redirects} == {server.session["url"]}
        assert len([session for session in server.sessions.values() if session["status"] == "open"]) == 1
        await server.pay(server.session)
        assert [told[1] for told in await bench.told()] == ["payment_successful"]


async def test_who_does_not_want_to_pay_closes_the_page(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        link = await bench.begin(of_invoice())
        assert (await bench.act(link, act="stop"))["state"] == "ended"
        assert "redirect" not in await bench.act(link, act="pay")
        await look(bench)
        assert server.session["status"] == "expired"
        assert await bench.told() == [("response", "payment_stopped", "by_customer", VALUES)]


async def test_calling_back_closes_the_page(sql_url):
    async with at_provider(sql_url) as (server, bench):
        link = await bench.begin(of_invoice())
        assert await bench.do("cancel_payment", {"payment": "c1-1-1"}, context("c1-2-1")) == Outcome.ok()
        assert server.session["status"] == "expired"
        assert (await bench.page(link))["state"] == "cancelled"
        assert await bench.told() == []


async def test_calling_back_what_was_paid_a_moment_ago_is_too_late(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        await bench.begin(of_invoice())
        await server.pay(server.session, told=False)
        failure = await bench.do("cancel_payment", {"payment": "c1-1-1"}, context("c1-2-1"))
        assert (type(failure), failure.reason) == (Refused, "already_paid")
        assert (await bench.invoice()).status == "paid"


async def test_calling_back_while_the_provider_is_away_is_tried_again(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        link = await bench.begin(of_invoice())
        server.wrong = [web.Response(status=503)]
        assert isinstance(await bench.do("cancel_payment", {"payment": "c1-1-1"}, context("c1-2-1")), Retry)
        assert (await bench.page(link))["state"] == "ended", "meanwhile our link leads there no more"
        await look(bench)
        assert (server.session["status"], (await bench.payment()).state) == ("expired", "cancelled")


async def test_a_page_that_is_made_while_the_payment_is_called_back_takes_no_money(sqlite_url):
    async with mail_server() as mails, at_provider(sqlite_url, **mailbox(mails)) as (server, bench):
        await bench.do("request_invoice_payment", of_invoice(mode="email"))
        await bench.change(session_expires_at=1)  # the customer comes after a day, and needs the next page
        link = bench.connector._invitations._links.url("pay", "/pay", (await bench.payment()).code)
        server.wrong = [0.5]
        paying = asyncio.create_task(bench.act(link, act="pay", tries=0))
        while server.wrong:  # noqa: ASYNC110 - until the provider has the request
            await asyncio.sleep(0.01)
        assert await bench.do("cancel_payment", {"payment": "c1-1-1"}, context("c1-2-1")) == Outcome.ok()
        shown = await paying
        assert ("redirect" in shown, shown.get("state")) == (False, "cancelled")
        assert [session["status"] for session in server.sessions.values()] == ["expired", "expired"]


async def test_a_provider_that_is_away_keeps_nobody_elses_page_open(sqlite_url):
    async with stripe_server() as slow, stripe_server() as server:
        modules = {"far": slow.module(), "shop": server.module()}
        async with billing(sqlite_url, modules=modules, SMART_ROUTING_BILLING_REQUEST_SECONDS="0.3") as bench:
            for number, module in enumerate(("far", "far", "far", "shop")):
                await bench.begin(of_amount(module=module), context(f"c1-1-{number}"))
                await bench.change(f"c1-1-{number}", state="closing", outcome="payment_stopped", reason="by_customer")
            slow.requests.clear()
            slow.wrong = [1.0] * 3
            await look(bench)
            assert len(slow.requests) == 1, "who does not answer is asked once with each look"
            assert [told[:3] for told in await bench.told()] == [("response", "payment_stopped", "by_customer")]


async def test_a_fault_with_one_payment_keeps_no_other_from_its_end(sqlite_url, caplog):
    async with at_provider(sqlite_url) as (_, bench):
        for number in (1, 2):
            await bench.begin(of_amount(), context(f"c1-1-{number}"))
            await bench.change(f"c1-1-{number}", state="closing", outcome="payment_stopped", reason="by_customer")
        await bench.change("c1-1-1", session_id=None)
        await look(bench)
        assert [(await bench.payment(f"c1-1-{number}")).state for number in (1, 2)] == ["closing", "ended"]
        assert "payment c1-1-1: expected to end it" in caplog.text


async def test_paying_one_of_two_payments_closes_the_others_page(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        for number in (1, 2):
            await bench.begin(of_invoice(), context(f"c1-1-{number}"))
        first, second = server.sessions.values()
        await server.pay(first)
        await look(bench)
        assert second["status"] == "expired"
        assert [told[:3] for told in await bench.told()] == [
            ("response", "payment_successful", None),
            ("response", "payment_stopped", "already_paid"),
        ]


async def test_money_that_was_taken_is_noted_even_where_it_should_not_have_been(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        for number in (1, 2):
            await bench.begin(of_invoice(), context(f"c1-1-{number}"))
        for session in list(server.sessions.values()):
            await server.pay(session)
        payments = [await bench.payment(f"c1-1-{number}") for number in (1, 2)]
        assert [(payment.state, payment.reason) for payment in payments] == [("paid", None), ("paid", "paid_twice")]


async def test_a_repeated_command_has_one_page(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        assert await bench.begin(of_invoice()) == await bench.begin(of_invoice())
        await bench.change(session=0, session_id=None, session_url=None, answered_at=None)  # as where we died between asking and noting
        await bench.begin(of_invoice())
        assert len(server.sessions) == 1


@pytest.mark.parametrize(
    ("wrong", "after"),
    [(web.Response(status=429, headers={"Retry-After": "3"}), 3.0), (web.Response(status=500), None), (web.Response(status=409), None),
     (web.Response(text="<html>"), None), (web.json_response({"id": 7}), None), (web.json_response([]), None)],
)  # fmt: skip
async def test_a_provider_that_is_busy_or_talks_nonsense_is_asked_again(sqlite_url, wrong, after):
    async with at_provider(sqlite_url) as (server, bench):
        server.wrong = [wrong]
        failure = await bench.do("request_invoice_payment", of_invoice())
        assert (type(failure), failure.reason, failure.after) == (Retry, "unreachable", after)
        await bench.begin(of_invoice())
        assert len(server.sessions) == 1


async def test_a_slow_provider_is_asked_again_with_the_same_key(sqlite_url):
    async with at_provider(sqlite_url, SMART_ROUTING_BILLING_REQUEST_SECONDS="0.3") as (server, bench):
        server.wrong = [0.6]
        assert isinstance(await bench.do("request_invoice_payment", of_invoice()), Retry)
        await bench.begin(of_invoice())
        await asyncio.sleep(0.5)
        assert [request[3] for request in server.requests] == ["c1-1-1"] * 2
        assert len(server.sessions) == 1


async def test_a_provider_that_is_away_is_asked_again(sqlite_url):
    async with stripe_server() as server:
        module = server.module()
    async with billing(sqlite_url, modules={"shop": module}) as bench:
        failure = await bench.do("request_invoice_payment", of_invoice())
        assert (type(failure), failure.reason) == (Retry, "unreachable")


@pytest.mark.parametrize(("changes", "reason"), [({"amount": "0.10"}, "amount_too_small")])
async def test_the_providers_refusal_is_the_reason(sqlite_url, changes, reason):
    async with at_provider(sqlite_url) as (_, bench):
        for _ in range(2):
            outcome = await bench.do("request_amount_payment", of_amount(**changes))
            assert (outcome.outcome, outcome.reason) == ("payment_error", reason)
        assert (await bench.payment()).state == "cancelled"


async def test_a_wrong_key_is_refused(sqlite_url):
    async with stripe_server() as server, billing(sqlite_url, modules={"shop": server.module(secret_key="sk_test_wrong")}) as bench:
        outcome = await bench.do("request_amount_payment", of_amount())
        assert (outcome.outcome, outcome.reason) == ("payment_error", "invalid_request_error")
        assert "sk_test" not in str(outcome)


@pytest.mark.parametrize(("live", "sandbox"), [(True, True), (False, False)])
async def test_a_sandbox_takes_no_real_money_and_a_real_payment_no_pretended(sqlite_url, live, sandbox):
    async with at_provider(sqlite_url) as (server, bench):
        server.live = live
        outcome = await bench.do("request_invoice_payment", of_invoice(sandbox=sandbox))
        assert (outcome.outcome, outcome.reason) == ("payment_error", "livemode_mismatch")
        assert server.session["status"] == "expired"


async def test_real_money_is_taken_where_it_is_meant(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        server.live = True
        await bench.begin(of_invoice(sandbox=False))
        await server.pay(server.session)
        assert (await bench.invoice()).status == "paid"


# Webhooks of bad people.


async def test_a_forged_webhook_pays_nothing(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        link = await bench.begin(of_invoice())
        body = await server.pay(server.session, told=False)
        now = int(time.time())
        for header in (
            "", "nonsense", f"t={now}", "v1=0", f"t={now},v1={'0' * 64}", signed(body, "another secret"), signed(body + b" "),
            signed(body).replace("v1=", "v0="), f"t={now},t={now},v1=0", "t=١٢٣,v1=0", f"{signed(body)[:-1]}é",
            signed(body).replace(f"t={now}", f"t={now + 1}"),
        ):  # fmt: skip
            assert await server.tell(body, header) == 400, header
        assert (await bench.page(link))["state"] == "open"
        # While a secret is exchanged there are two signatures, and one is good.
        assert await server.tell(body, f"{signed(body, 'the secret before', now)},{signed(body, at=now).partition(',')[2]}") == 200
        assert (await bench.page(link))["state"] == "paid"


async def test_a_webhook_that_was_signed_long_ago_is_refused(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        await bench.begin(of_invoice())
        body = await server.pay(server.session, told=False)
        for at in (-301, 301):
            assert await server.tell(body, signed(body, at=time.time() + at)) == 400
        assert await server.tell(body, signed(body, at=time.time() - 290)) == 200


async def test_a_replayed_webhook_is_heeded_once(sql_url):
    async with mail_server() as mails, at_provider(sql_url, **mailbox(mails)) as (server, bench):
        await bench.do("request_invoice_payment", of_invoice(mode="email"))
        error = {"code": "card_declined", "decline_code": "generic_decline"}
        intent = {"metadata": {"payment": "c1-1-1"}, "last_payment_error": error}
        body = server.event("payment_intent.payment_failed", intent)
        assert await asyncio.gather(*(server.tell(body) for _ in range(8))) == [200] * 8
        assert len(await bench.told()) == 1


async def test_a_webhook_about_other_money_pays_nothing(sqlite_url):
    changes: list[dict[str, object]] = [
        {"amount_total": 1},
        {"currency": "jpy"},
        {"amount_total": "8740"},
        {"metadata": {"payment": "c9-9-9"}, "client_reference_id": None},
        {"metadata": None, "client_reference_id": None},
    ]
    async with at_provider(sqlite_url) as (server, bench):
        link = await bench.begin(of_invoice())
        await server.pay(server.session, told=False)
        for change in changes:
            assert await server.tell(server.event("checkout.session.completed", {**server.session, **change})) == 200
            assert (await bench.page(link))["state"] == "open", change


async def test_a_webhook_of_another_modules_account_pays_nothing(sqlite_url):
    async with stripe_server() as server:
        modules = {"shop": server.module(), "other": server.module(webhook_secret="whsec_of_the_other_one")}
        async with billing(sqlite_url, modules=modules) as bench:
            link = await bench.begin(of_invoice())
            body = await server.pay(server.session, told=False)
            server.webhook = f"{bench.address}/webhooks/stripe/other"
            assert await server.tell(body, signed(body, "whsec_of_the_other_one")) == 200
            assert await server.tell(body, signed(body, WEBHOOK_SECRET)) == 400
            assert (await bench.page(link))["state"] == "open"


async def test_a_test_event_pays_no_real_payment(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        server.live = True
        await bench.begin(of_invoice(sandbox=False))
        await server.tell(server.event("checkout.session.completed", {**server.session, "payment_status": "paid"}, livemode=False))
        assert (await bench.invoice()).status == "open"


async def test_an_event_that_cannot_be_read_is_refused(sqlite_url):
    nothing, wrong = (
        [b"", b"[]", b"{}", b"null", b"\xff"],
        [b'{"id": "e", "type": "t", "data": []}', b'{"id":"e","type":"t","data":{"object":[]}}'],
    )
    async with at_provider(sqlite_url) as (server, _):
        for body in nothing + wrong:
            assert await server.tell(body) == 400, body


async def test_what_does_not_concern_us_is_taken_and_ignored(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        await bench.begin(of_invoice())
        assert await server.tell(server.event("customer.created", {"id": "cus_1"})) == 200
        assert await server.tell(server.event("charge.refunded", {"id": "ch_1", "metadata": {"payment": "c1-1-1"}})) == 200
        assert await bench.told() == []


async def test_an_oversized_webhook_is_not_read_and_unknown_modules_have_none(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        body = json.dumps({"id": "x" * 300_000}).encode()
        assert await server.tell(body) == 413
        server.webhook = f"{bench.address}/webhooks/stripe/nobody"
        assert await server.tell(b"{}") == 404


async def test_an_invoice_that_was_settled_meanwhile_leads_to_no_page(sqlite_url):
    async with at_provider(sqlite_url) as (server, bench):
        link = await bench.begin(of_invoice())
        await bench.put({**OPEN, "status": "cancelled"})
        shown = await bench.act(link, act="pay")
        assert (shown["state"], shown["reason"]) == ("ended", "already_paid")
        await look(bench)
        assert server.session["status"] == "expired"
