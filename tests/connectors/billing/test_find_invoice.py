"""Invoices are found by what a customer knows of them."""

from connectors.framework.errors import Refused
from connectors.framework.outcome import Outcome
from tests.connectors.billing.billing_bench import OPEN, VALUES, billing

IDENTIFIERS = {
    "invoice_number": "20260117",
    "invoice_id": "812",
    "customer_number": "4471",
    "mobile_phone_number": "+353861234567",
    "landline_number": "+35316790000",
    "email_address": "aoife@example.org",
}


def wanted(identifier, value, select="most_recent"):
    return {"identifier": identifier, "value": value, "select": select}


async def found(bench, *wanted_):
    outcome = await bench.do("find_invoice", wanted(*wanted_))
    return outcome.values.get("id") if outcome.outcome == "ok" else outcome.outcome


async def test_each_identifier_finds_it_and_all_that_is_known_is_answered(sql_url):
    async with billing(sql_url) as bench:
        for identifier, value in IDENTIFIERS.items():
            assert await bench.do("find_invoice", wanted(identifier, value)) == Outcome.ok(**VALUES), identifier
            assert await found(bench, identifier, f"{value}0") == "not_found"


async def test_what_is_not_known_is_left_out(sql_url):
    async with billing(sql_url) as bench:
        await bench.put({"id": "1", "number": "A-1", "amount": "1500", "currency": "JPY"})
        outcome = await bench.do("find_invoice", wanted("invoice_id", "1"))
        assert outcome.values == {"id": "1", "number": "A-1", "amount": "1500", "currency": "JPY", "status": "open"}


async def test_numbers_are_found_however_they_are_punctuated(sql_url):
    async with billing(sql_url) as bench:
        await bench.put({**OPEN, "id": "1", "number": "RE-2026/0042", "customer_number": "K 77-1"})
        for written in ("RE-2026/0042", "re 2026 0042", "RE.2026.0042", " re20260042 ", "RE_2026_0042"):
            assert await found(bench, "invoice_number", written) == "1", written
        assert await found(bench, "customer_number", "k771") == "1"
        assert await found(bench, "invoice_number", "2026/0042") == "not_found"


async def test_zeros_in_front_are_part_of_a_number(sql_url):
    async with billing(sql_url) as bench:
        await bench.put({**OPEN, "id": "1", "number": "0007"}, {**OPEN, "id": "2", "number": "7"})
        assert [await found(bench, "invoice_number", number) for number in ("0007", "7", "007")] == ["1", "2", "not_found"]


async def test_two_numbers_that_only_punctuation_tells_apart_are_not_confused(sql_url):
    async with billing(sql_url) as bench:
        await bench.put({**OPEN, "id": "1", "number": "1-23"}, {**OPEN, "id": "2", "number": "12-3"})
        assert [await found(bench, "invoice_number", number) for number in ("1-23", "12-3", "123")] == ["1", "2", "not_found"]


async def test_of_several_the_oldest_or_the_most_recent_by_date_of_issue(sql_url):
    async with billing(sql_url) as bench:
        dates = {"1": "2026-09-01", "2": "2025-12-31", "3": "2026-10-15", "4": None}
        await bench.put(*({**OPEN, "id": key, "number": key, "customer_number": "9", "issued_on": date} for key, date in dates.items()))
        assert await found(bench, "customer_number", "9", "oldest") == "2"
        assert await found(bench, "customer_number", "9", "most_recent") == "3"


async def test_an_address_is_found_whatever_its_case(sql_url):
    async with billing(sql_url) as bench:
        assert await found(bench, "email_address", "Aoife@EXAMPLE.org") == "812"


async def test_a_value_is_only_ever_a_value(sql_url):
    async with billing(sql_url) as bench:
        for value in ("' OR 1=1 --", "812'; DROP TABLE billing_invoice; --", "%", "_", "812\x00", "\\", "", "--", "x" * 10_000):
            for identifier in IDENTIFIERS:
                assert await found(bench, identifier, value) == "not_found", (identifier, value)
        assert (await bench.invoice()).number == "20260117"


async def test_what_there_is_not_is_refused(sql_url):
    async with billing(sql_url) as bench:
        for body in (wanted("shoe_size", "1"), wanted("invoice_id", "812", "best")):
            failure = await bench.do("find_invoice", body)
            assert (type(failure), failure.reason) == (Refused, "wrong_type")
