"""ReadRow, on SQLite and on PostgreSQL."""

import pytest

from tests.connectors.databases.row_bench import Rows

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_columns_are_read_in_canonical_text_and_empty_where_there_is_none(orders):
    await orders.insert(number="58214.50", status="open", sent_at="2026-03-01T10:00:00+01:00", gift="true", city="Liège")
    read = await orders.read(("number", "58214.5"), columns=("number", "status", "sent_at", "gift", "city", "email", "due"))
    assert read == ("58214.5", "open", "2026-03-01T10:00:00+01:00", "true", "Liège", "", "")


async def test_the_oldest_row_is_read_first(orders):
    for number in ("9", "1", "5"):
        await orders.insert(number=number, status="open")
    assert await orders.read(("status", "open")) == ("9",)
    await orders.modify(("number", "9"), note="changed")  # which makes it no younger
    assert await orders.read(("status", "open")) == ("9",)


async def test_all_and_any(orders):
    await orders.insert(number="1", status="open", city="Lyon")
    await orders.insert(number="2", status="held", city="Lyon")
    await orders.insert(number="3", status="held", city="Paris")
    assert await orders.read(("status", "held"), ("city", "Lyon")) == ("2",)
    assert await orders.read(("status", "shipped"), ("city", "Paris"), confirm="any") == ("3",)
    assert await orders.read(("status", "held"), ("city", "Lyon"), confirm="any") == ("1",)
    assert await orders.read(("city", "Lyon"), ("city", "Paris")) == ("not_found", None)  # a column may come twice
    assert await orders.read(("city", "Rome"), ("city", "Paris"), confirm="any") == ("3",)


async def test_numbers_are_compared_as_numbers(orders):
    large = "123456789012345678901234567890.123456789"
    await orders.insert(number="0012.50", status="open")
    await orders.insert(number=large, status="open")
    assert await orders.read(("number", "12.5")) == await orders.read(("number", "12.500")) == ("12.5",)
    assert await orders.read(("number", large)) == (large,)
    assert await orders.read(("number", large[:-1] + "8")) == ("not_found", None)
    assert await orders.read(("number", "12.5e0")) == ("not_found", None)


async def test_times_are_compared_as_points_in_time(orders):
    await orders.insert(number="1", status="open", sent_at="2026-03-01T10:00:00+01:00", due="2026-03-01")
    assert await orders.read(("sent_at", "2026-03-01T09:00:00+00:00")) == ("1",)
    assert await orders.read(("sent_at", "2026-03-01T09:00:00Z")) == ("1",)
    assert await orders.read(("sent_at", "2026-03-01T10:00:00+00:00")) == ("not_found", None)
    assert await orders.read(("due", "2026-03-01")) == ("1",)


async def test_everything_else_is_compared_exactly(orders):
    await orders.insert(number="1", status="open", city="Straße", note="x" * 10_000)
    assert await orders.read(("city", "Straße")) == ("1",)
    assert await orders.read(("note", "x" * 10_000)) == ("1",)
    for city in ("straße", "Strasse", "Straße ", "Stra%", "Stra_e", "*"):
        assert await orders.read(("city", city)) == ("not_found", None)
    assert await orders.read(("note", "x" * 9_999)) == ("not_found", None)


async def test_an_empty_value_finds_rows_without_one(orders):
    await orders.insert(number="1", status="open", city="Lyon")
    await orders.insert(number="2", status="open")
    await orders.insert(number="3", status="held")
    assert await orders.read(("city", "")) == ("2",)
    assert await orders.read(("city", ""), ("status", "held")) == ("3",)
    assert await orders.read(("city", ""), ("note", ""), ("status", "open")) == ("2",)
    assert await orders.read(("city", ""), ("number", "1"), confirm="any") == ("1",)
    assert await orders.read(("number", "")) == ("not_found", None)


async def test_what_the_definition_lacks_is_columns_not_found(orders):
    await orders.insert(number="1", status="open")
    assert await orders.read(("colour", "red")) == ("columns_not_found", None)
    assert await orders.read(("number", "1"), columns=("number", "colour")) == ("columns_not_found", None)


async def test_a_database_that_is_not_there_is_an_error(connector):
    returns = Rows(connector, "returns")
    assert await returns.read(("number", "1")) == ("error", "database_not_found")


@pytest.mark.parametrize(("assertions", "confirm"), [((), "all"), ((("number", "1"),), "most")])
async def test_a_command_without_sense_is_refused(orders, assertions, confirm):
    await orders.insert(number="1", status="open")
    assert await orders.read(*assertions, confirm=confirm) == ("error", "refused")
