"""ModifyRows, on SQLite and on PostgreSQL."""

import asyncio

import pytest
import pytest_asyncio

from tests.connectors.databases.row_bench import Rows, rows

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def orders(orders):
    await orders.insert(number="1", status="open", city="Lyon", sent_at="2026-03-01T10:00:00+01:00")
    await orders.insert(number="2", status="open", city="Lyon")
    await orders.insert(number="3", status="held", city="Lyon")
    return orders


async def test_only_the_oldest_row_that_conforms_is_changed(orders):
    assert await orders.modify(("status", "open"), status="shipped") == "ok"
    assert await orders.read(("status", "shipped")) == ("1",)
    assert await orders.read(("status", "open")) == ("2",)


async def test_all_rows_that_conform_are_changed(orders):
    assert await orders.modify(("city", "Lyon"), scope="all", status="shipped", city="") == "ok"
    assert await orders.read(("city", "Lyon")) == ("not_found", None)
    assert await orders.read(("number", "3"), columns=("status", "city")) == ("shipped", "")


async def test_no_row_that_conforms(orders):
    assert await orders.modify(("city", "Paris"), status="held") == "no_value_found"
    assert await orders.modify(("city", "Lyon"), ("number", "9"), scope="all", status="held") == "no_value_found"


async def test_the_new_values_are_there_already(orders):
    assert await orders.modify(("number", "3"), status="held") == "no_modification"
    # The oldest counts, even where a younger one would be changed.
    assert await orders.modify(("city", "Lyon"), status="open") == "no_modification"
    assert await orders.modify(("status", "open"), scope="all", status="open", city="Lyon") == "no_modification"
    assert await orders.modify(("number", "1"), number="1.0", sent_at="2026-03-01T09:00:00Z", email="") == "no_modification"
    assert await orders.read(("number", "1"), columns=("sent_at",)) == ("2026-03-01T10:00:00+01:00",)


async def test_columns_are_looked_for_before_any_row_is_touched(orders):
    assert await orders.modify(("city", "Lyon"), scope="all", status="held", colour="red") == "columns_not_found"
    assert await orders.modify(("colour", "red"), status="held") == "columns_not_found"
    assert await orders.read(("status", "open")) == ("1",)


async def test_a_required_column_keeps_a_value(orders):
    assert await orders.modify(("number", "1"), city="Paris", status="") == ("error", "missing_field")
    assert await orders.read(("number", "1"), columns=("city", "status")) == ("Lyon", "open")


async def test_a_value_of_another_type_is_refused(orders):
    assert await orders.modify(("number", "1"), city="Paris", status="lost") == ("error", "wrong_type")
    assert await orders.modify(("number", "1"), due="tomorrow") == ("error", "wrong_type")
    assert await orders.read(("city", "Paris")) == ("not_found", None)


async def test_a_database_that_is_not_there_is_an_error(connector):
    returns = Rows(connector, "returns")
    assert await returns.modify(("number", "1"), status="open") == ("error", "database_not_found")


@pytest.mark.parametrize(("assertions", "scope"), [((), "all"), ((("number", "1"),), "last")])
async def test_a_command_without_sense_is_refused(orders, assertions, scope):
    assert await orders.modify(*assertions, scope=scope, city="Paris") == ("error", "refused")
    assert await orders.read(("city", "Paris")) == ("not_found", None)


async def test_the_same_command_twice_changes_once(orders):
    assert await orders.modify(("status", "open"), status="held", command_id="c1-1-1") == "ok"
    assert await orders.modify(("status", "open"), status="held", command_id="c1-1-1") == "ok"
    assert await orders.read(("status", "open")) == ("2",)


async def test_modifications_at_the_same_time_come_one_after_the_other(shared, sql_url):
    """Each takes the oldest open order for itself: none is taken twice, none is left."""
    number = 40
    async with rows(shared, sql_url) as one, rows(shared, sql_url) as other:
        for order in range(number):
            await one.insert(number=str(order), status="open")
        takes = [(one, other)[taker % 2].modify(("status", "open"), status="held", city=f"taker {taker}") for taker in range(number)]
        assert await asyncio.gather(*takes) == ["ok"] * number
        assert await one.read(("status", "open")) == ("not_found", None)
        for taker in range(number):
            assert len(await one.read(("city", f"taker {taker}"))) == 1
        assert await one.modify(("status", "open"), status="held") == "no_value_found"


async def test_a_row_that_is_changed_is_found_by_its_new_values_only(orders):
    assert await orders.modify(("number", "1"), number="7", city="", note="mind the dog") == "ok"
    assert await orders.read(("number", "1")) == ("not_found", None)
    assert await orders.read(("city", ""), columns=("number", "note")) == ("7", "mind the dog")
    assert await orders.commands.sql("SELECT count(*) FROM databases_keys WHERE field = 'city'") == [(2,)]
