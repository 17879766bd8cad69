"""Payments in the sandbox: every outcome, on the page that customers see."""

import asyncio
import json
import re
from decimal import Decimal

import pytest

from connectors.billing.watch import Watch
from connectors.framework.errors import Refused, Retry
from connectors.framework.outcome import Outcome
from tests.connectors.billing.billing_bench import OPEN, VALUES, billing, context, of_amount, of_invoice
from tests.connectors.command_bench import in_seconds
from tests.connectors.mail_server import mail_server

PAID = {**VALUES, "status": "paid"}


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path / 'connectors.db'}"


def mailbox(server):
    return {
        "SMART_ROUTING_SMTP_MAILBOXES": json.dumps({"accounts": server.mailbox(sender="accounts@example.org")}),
        "SMART_ROUTING_SMTP_DEFAULT_MAILBOX": "accounts",
        "SMART_ROUTING_BILLING_MERCHANT": "Heron Electric",
    }


async def look(bench):
    made = bench.connector
    await Watch(made._database, made._providers, made._settings).look()


@pytest.mark.parametrize(
    ("act", "outcome", "reason"),
    [
        ({"act": "pay", "card": "paid"}, "payment_successful", None),
        ({"act": "pay", "card": "declined"}, "failed_payment", "card_declined"),
        ({"act": "pay", "card": "fraud"}, "fraudulent_payment", "fraudulent"),
        ({"act": "pay", "card": "transfer"}, "bank_transfer_error", "bank_transfer_failed"),
        ({"act": "pay", "card": "broken"}, "payment_error", "processing_error"),
        ({"act": "stop"}, "payment_stopped", "by_customer"),
    ],
)
async def test_a_payment_within_the_conversation_ends_once(sql_url, act, outcome, reason):
    async with billing(sql_url) as bench:
        link = await bench.begin(of_invoice())
        shown = await bench.page(link)
        assert (shown["state"], shown["amount"], shown["title"], shown["sandbox"]) == ("open", "€87.40", "Invoice 20260117", True)
        shown = await bench.act(link, **act)
        paid = outcome == "payment_successful"
        assert (shown["state"], shown["outcome"]) == ("paid" if paid else "ended", outcome)
        for again in ({"act": "pay", "card": "paid"}, {"act": "stop"}):  # it takes no money any more
            assert (await bench.act(link, **again))["outcome"] == outcome
        assert await bench.told() == [("response", outcome, reason, PAID if paid else VALUES)]
        assert (await bench.invoice()).paid_by == ("c1-1-1" if paid else None)


async def test_the_link_that_was_sent_can_be_used_again_after_a_failure(sql_url):
    async with mail_server() as server, billing(sql_url, **mailbox(server)) as bench:
        outcome = await bench.do("request_invoice_payment", of_invoice(mode="email", locale="de-DE"))
        assert (outcome.outcome, outcome.values) == ("notification_sent", VALUES)
        (received,) = server.received
        assert received.recipients == ["aoife@example.org"]
        text, html = (part.get_content() for part in received.message.iter_parts())
        (link,) = re.findall(r"http://\S+/pay/\S+", text)
        assert text.strip() == f"Bitte zahlen Sie 87,40\N{NO-BREAK SPACE}€ an Heron Electric: {link}"
        assert f'<a href="{link}">' in html
        for act in ({"act": "pay", "card": "declined"}, {"act": "stop"}, {"act": "pay", "card": "paid"}):
            await bench.act(link, **act)
        assert (await bench.page(link))["state"] == "paid"
        assert [told[:3] for told in await bench.told()] == [
            ("result_reported", "failed_payment", "card_declined"),
            ("result_reported", "payment_stopped", "by_customer"),
            ("result_reported", "payment_successful", None),
        ]


async def test_a_fraud_ends_the_link_whatever_the_mode(sql_url):
    async with mail_server() as server, billing(sql_url, **mailbox(server)) as bench:
        await bench.do("request_invoice_payment", of_invoice(mode="email"))
        (link,) = re.findall(r"http://\S+/pay/\S+", server.received[0].message.get_body(("plain",)).get_content())
        await bench.act(link, act="pay", card="fraud")
        assert (await bench.act(link, act="pay", card="paid"))["state"] == "ended"
        assert [told[:3] for told in await bench.told()] == [("result_reported", "fraudulent_payment", "fraudulent")]


async def test_the_same_command_has_one_payment_and_one_link(sql_url):
    async with mail_server() as server, billing(sql_url, **mailbox(server)) as bench:
        # At once, as where a connector was taken for dead: each has the payment that one of them has begun.
        assert len(set(await asyncio.gather(*(bench.begin(of_invoice()) for _ in range(8))))) == 1
        answers = [await bench.do("request_invoice_payment", of_invoice(mode="email"), context("c1-1-2")) for _ in range(2)]
        assert answers == [Outcome("notification_sent", values=VALUES)] * 2
    assert len(server.received) == 1


async def test_a_repeated_command_is_about_the_invoice_that_it_was_about(sql_url):
    async with billing(sql_url) as bench:
        body = of_invoice("4471", identifier="customer_number", select="oldest")
        link = await bench.begin(body)
        await bench.put({**OPEN, "id": "7", "number": "7", "issued_on": "2020-01-01"})
        assert await bench.begin(body) == link
        assert (await bench.do("request_invoice_payment", body)).values["id"] == "812"


async def test_a_mail_server_that_is_away_is_asked_again(sqlite_url):
    async with mail_server() as server:
        pass
    async with billing(sqlite_url, **mailbox(server)) as bench:
        failure = await bench.do("request_invoice_payment", of_invoice(mode="email"))
        assert (type(failure), failure.reason) == (Retry, "unreachable")
        assert (await bench.payment()).answered_at is None


async def test_clicking_twice_pays_once(sql_url):
    async with billing(sql_url) as bench:
        link = await bench.begin(of_invoice())
        shown = await asyncio.gather(*(bench.act(link, act="pay", card="paid", tries=0) for _ in range(8)))
        assert {page["state"] for page in shown} == {"paid"}
        assert len(await bench.told()) == 1


async def test_clicking_twice_fails_once(sql_url):
    async with mail_server() as server, billing(sql_url, **mailbox(server)) as bench:
        await bench.do("request_invoice_payment", of_invoice(mode="email"))
        (link,) = re.findall(r"http://\S+/pay/\S+", server.received[0].message.get_body(("plain",)).get_content())
        await asyncio.gather(*(bench.act(link, act="pay", card="declined", tries=0) for _ in range(8)))
        assert len(await bench.told()) == 1


async def test_two_payments_of_an_invoice_take_its_money_once(sql_url):
    async with billing(sql_url) as bench:
        links = [await bench.begin(of_invoice(), context(f"c1-1-{number}")) for number in range(4)]
        await asyncio.gather(*(bench.act(link, act="pay", card="paid", tries=0) for link in links))
        told = [(outcome, reason) for _, outcome, reason, _ in await bench.told()]
        assert sorted(told, key=str) == sorted([("payment_successful", None), *[("payment_stopped", "already_paid")] * 3], key=str)
        assert [(await bench.page(link))["state"] for link in links].count("paid") == 1


async def test_an_invoice_that_was_paid_elsewhere_takes_no_money(sql_url):
    async with billing(sql_url) as bench:
        link = await bench.begin(of_invoice())
        await bench.put({**OPEN, "status": "paid"})
        assert (await bench.act(link, act="pay", card="paid"))["reason"] == "already_paid"
        assert [told[:3] for told in await bench.told()] == [("response", "payment_stopped", "already_paid")]


async def test_what_needs_no_payment_is_not_asked_for(sqlite_url):
    async with billing(sqlite_url) as bench:
        for status, reason in (("paid", "already_paid"), ("cancelled", "not_payable")):
            await bench.put({**OPEN, "status": status})
            outcome = await bench.do("request_invoice_payment", of_invoice())
            assert (outcome.outcome, outcome.reason, outcome.values["status"]) == ("payment_error", reason, status)


async def test_no_such_invoice(sqlite_url):
    async with billing(sqlite_url) as bench:
        assert await bench.do("request_invoice_payment", of_invoice("999")) == Outcome("invoice_not_found")


async def test_an_amount_is_paid_to_the_cent(sql_url):
    async with billing(sql_url) as bench:
        evil = dict.fromkeys(("customer_reference", "comment", "customized_data"), "<script>'); DROP TABLE billing_payment; --\0")
        body = of_amount("0.10", invoice_name="Electricity, part 1", invoice_reference="20260117", locale="fr", **evil)
        link = await bench.begin(body)
        shown = await bench.page(link)
        assert (shown["amount"], shown["title"]) == ("0,10\N{NO-BREAK SPACE}€", "Electricity, part 1")
        await bench.act(link, act="pay", card="paid")
        payment = await bench.payment()
        assert (payment.amount, payment.comment) == (Decimal("0.10"), "<script>'); DROP TABLE billing_payment; --")
        assert await bench.told() == [("response", "payment_successful", None, {})]
        assert (await bench.invoice()).status == "open"


async def test_what_cannot_be_paid_is_an_error(sqlite_url):
    async with billing(sqlite_url) as bench:
        for amount, currency in (
            ("0", "EUR"), ("-1", "EUR"), ("0.001", "EUR"), ("1.5", "JPY"), ("NaN", "EUR"), ("1e30", "EUR"), ("x", "EUR"), ("1", "XAU"),
            ("1", "ZZZ"),
        ):  # fmt: skip
            failure = await bench.do("request_amount_payment", of_amount(amount, currency))
            assert (type(failure), failure.reason) == (Refused, "invalid_amount"), (amount, currency)


async def test_currencies_have_their_own_decimals(sql_url):
    async with billing(sql_url) as bench:
        amounts = [("1500", "JPY", "¥1,500"), ("1.5", "KWD", "KWD1.500"), ("99999999999.99", "USD", "$99,999,999,999.99")]
        for number, (amount, currency, shown) in enumerate(amounts):
            link = await bench.begin(of_amount(amount, currency), context(f"c1-1-{number}"))
            assert (await bench.page(link))["amount"] == shown


async def test_a_real_payment_never_goes_to_the_sandbox(sqlite_url):
    async with billing(sqlite_url, modules={"shop": {"provider": "ino_pay"}}) as bench:
        for module, reason in (("shop", "sandbox_only"), ("other", "module_unknown")):
            failure = await bench.do("request_invoice_payment", of_invoice(sandbox=False, module=module))
            assert (failure.outcome, failure.reason) == ("payment_error", reason)


@pytest.mark.parametrize("changes", [{"email": None}, {"email": "aoife@example.org", "refuses": True}])
async def test_a_link_that_cannot_be_delivered_is_an_error_and_takes_no_money(sqlite_url, changes):
    async with mail_server() as server, billing(sqlite_url, **mailbox(server)) as bench:
        server.refuses = {"aoife@example.org": "550 no"} if changes.get("refuses") else {}
        await bench.put({**OPEN, "email": changes["email"]})
        for _ in range(2):
            outcome = await bench.do("request_invoice_payment", of_invoice(mode="email"))
            assert (outcome.outcome, outcome.reason) == ("payment_error", "undeliverable")
        assert (await bench.payment()).state == "cancelled"
        assert await bench.told() == []


async def test_an_sms_needs_a_mobile_number_and_a_sender(sqlite_url):
    async with billing(sqlite_url, SMART_ROUTING_BILLING_SMS_SENDER="HERON") as bench:
        for nth, number in enumerate((None, "+35316790000", "+35386123456")):
            outcome = await bench.do("request_amount_payment", of_amount(mode="sms", mobile_phone=number), context(f"c1-2-{nth}"))
            assert (outcome.outcome, outcome.reason) == ("payment_error", "undeliverable")
    async with billing(sqlite_url) as bench:
        outcome = await bench.do("request_amount_payment", of_amount(mode="sms", mobile_phone="+353861234567"), context("c1-1-2"))
        assert (outcome.outcome, outcome.reason) == ("payment_error", "undeliverable")


async def test_a_payment_that_is_called_back_takes_no_money_and_nobody_is_told(sql_url):
    async with billing(sql_url) as bench:
        link = await bench.begin(of_invoice())
        for _ in range(2):
            assert await bench.do("cancel_payment", {"payment": "c1-1-1"}, context("c1-2-1")) == Outcome.ok()
        assert (await bench.act(link, act="pay", card="paid"))["state"] == "cancelled"
        assert (await bench.do("cancel_payment", {"payment": "never begun"}, context("c1-2-2"))).outcome == "ok"
        assert await bench.told() == []
        assert (await bench.invoice()).status == "open"


async def test_what_was_paid_cannot_be_called_back(sql_url):
    async with billing(sql_url) as bench:
        link = await bench.begin(of_invoice())
        await bench.act(link, act="pay", card="paid")
        failure = await bench.do("cancel_payment", {"payment": "c1-1-1"}, context("c1-2-1"))
        assert (type(failure), failure.reason) == (Refused, "already_paid")


async def test_paying_and_calling_back_at_once_has_one_end(sql_url):
    async with billing(sql_url) as bench:
        for number in range(5):
            command = f"c1-1-{number}"
            link = await bench.begin(of_amount(), context(command))
            _, back = await asyncio.gather(
                bench.act(link, act="pay", card="paid", tries=0),
                bench.do("cancel_payment", {"payment": command}, context(f"c1-2-{number}")),
            )
            paid = (await bench.payment(command)).state == "paid"
            assert isinstance(back, Refused) is paid


async def test_a_link_runs_out_by_itself(sql_url):
    async with billing(sql_url) as bench:
        link = await bench.begin(of_invoice())
        await look(bench)
        assert await bench.told() == []
        await bench.change(expires_at=1)
        shown = await bench.act(link, act="pay", card="paid")
        assert (shown["state"], shown["reason"]) == ("ended", "expired")
        for _ in range(2):
            await look(bench)
        assert await bench.told() == [("response", "payment_stopped", "expired", VALUES)]


async def test_a_payment_whose_link_nobody_was_given_is_called_back_after_its_deadline(sql_url):
    async with billing(sql_url) as bench:
        await bench.begin(of_invoice(), context(deadline=in_seconds(-60)))
        await look(bench)
        assert (await bench.payment()).state == "open"
        await bench.change(answered_at=None)
        await look(bench)
        assert (await bench.payment()).state == "cancelled"
        assert await bench.told() == []


async def test_mode_is_one_that_there_is(sqlite_url):
    async with billing(sqlite_url) as bench:
        failure = await bench.do("request_invoice_payment", of_invoice(mode="pigeon"))
        assert (type(failure), failure.reason) == (Refused, "wrong_type")


async def test_a_locale_that_nobody_knows_is_english(sql_url):
    async with billing(sql_url) as bench:
        for number, locale in enumerate(("klingon", "x" * 200, "../../etc/passwd", "en\x00", "-", "")):
            link = await bench.begin(of_invoice(locale=locale), context(f"c1-1-{number}"))
            assert (await bench.page(link))["title"] == "Invoice 20260117"
