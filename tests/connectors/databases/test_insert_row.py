"""InsertRow, on SQLite and on PostgreSQL."""

import asyncio

import pytest

from tests.connectors.databases.row_bench import ORDERS, Rows, rows
from tests.connectors.record_bench import publish

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_same_command_twice_adds_one_row(orders):
    assert await orders.insert("c1-1-1", number="1", status="open") == ("ok", None, {})
    assert await orders.insert("c1-1-1", number="1", status="open") == ("ok", None, {})
    assert await orders.insert("c1-2-1", number="1", status="open") == ("ok", None, {})
    assert await orders.count() == 2


async def test_a_required_column_must_have_a_value(orders):
    assert (await orders.insert(number="1"))[:2] == ("not_ok", "missing_field")
    assert (await orders.insert(number="1", status=" "))[:2] == ("not_ok", "missing_field")
    assert await orders.count() == 0


async def test_a_column_that_the_definition_lacks_is_refused(orders):
    assert (await orders.insert(number="1", status="open", colour="red"))[:2] == ("not_ok", "columns_not_found")
    assert await orders.count() == 0


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("number", "many"), ("number", "1,5"), ("number", "NaN"), ("number", "1" * 61), ("email", "nobody"), ("status", "Open"),
        ("status", "lost"), ("sent_at", "2026-03-01T10:00:00"), ("due", "2026-02-30"), ("phone", "12"), ("gift", "maybe"),
        ("photo", "http://example.org/a.png"), ("note", "a\0b"),
    ],
)  # fmt: skip
async def test_a_value_of_another_type_is_refused(orders, column, value):
    row = {"number": "1", "status": "open", column: value}
    assert (await orders.insert(**row))[:2] == ("not_ok", "wrong_type")
    assert await orders.count() == 0


async def test_a_database_that_is_not_there_is_refused(connector):
    returns = Rows(connector, "returns")
    assert (await returns.insert(number="1"))[:2] == ("not_ok", "database_not_found")


async def test_a_column_that_comes_twice_is_refused(orders):
    twice = [{"column": "number", "type": "number", "value": "1"}] * 2
    answer = await orders.commands.call("InsertRow", {"database": "orders", "values": twice})
    assert answer[:2] == ("not_ok", "refused")


async def test_many_connectors_add_rows_at_once(shared, sql_url):
    async with rows(shared, sql_url) as one, rows(shared, sql_url) as other:
        added = [(one, other)[number % 2].insert(number=str(number), status="open") for number in range(40)]
        assert {outcome for outcome, _, _ in await asyncio.gather(*added)} == {"ok"}
        assert await one.count() == 40
        found = await one.commands.sql("SELECT id FROM databases_records ORDER BY id")
        assert len(set(found)) == 40


async def test_what_was_done_is_answered_from_its_record_whatever_became_of_the_definition(own, sql_url):
    async with rows(own, sql_url) as orders:
        assert (await orders.insert("c1-1-1", number="1", status="open"))[0] == "ok"
        publish(own, "orders", ORDERS, status="deleted")
        await orders.commands.connector._definitions.catch_up()
        assert (await orders.insert("c1-1-2", number="1", status="open"))[:2] == ("not_ok", "database_not_found")
        assert (await orders.insert("c1-1-1", number="1", status="open"))[:2] == ("ok", None)
        assert await orders.count() == 1
