"""Rows outlive what their definition was when they were added."""

from tests.connectors.databases.row_bench import COLUMNS, ORDERS, rows
from tests.connectors.record_bench import publish


def with_columns(**columns):
    return {**ORDERS, "columns": {**COLUMNS, **columns}}


def without(*names):
    return {**ORDERS, "columns": {name: column for name, column in COLUMNS.items() if name not in names}}


async def now(orders, deployment, definition, reference="orders", **more):
    publish(deployment, reference, definition, "orders-id", **more)
    await orders.commands.connector._definitions.catch_up()


async def test_a_column_is_gained(own, sql_url):
    async with rows(own, sql_url) as orders:
        await orders.insert(number="1", status="open")
        assert await orders.read(("weight", "")) == ("columns_not_found", None)
        await now(orders, own, with_columns(weight={"type": "number"}))
        assert await orders.read(("weight", ""), columns=("number", "weight")) == ("1", "")
        assert await orders.modify(("number", "1"), weight="2.50") == "ok"
        assert await orders.read(("weight", "2.5")) == ("1",)


async def test_a_column_is_lost_and_comes_back(own, sql_url):
    async with rows(own, sql_url) as orders:
        await orders.insert(number="1", status="open", city="Lyon")
        await now(orders, own, without("city"))
        assert await orders.read(("number", "1"), columns=("city",)) == ("columns_not_found", None)
        assert await orders.modify(("number", "1"), note="seen") == "ok"
        await now(orders, own, ORDERS)
        assert await orders.read(("city", "Lyon"), columns=("note",)) == ("seen",)


async def test_a_column_has_another_type(own, sql_url):
    async with rows(own, sql_url) as orders:
        await orders.insert(number="1", status="open", city="5.0")
        await orders.insert(number="2", status="open", city="five")
        assert await orders.read(("city", "5")) == ("not_found", None)
        await now(orders, own, with_columns(city={"type": "number"}))
        assert await orders.read(("city", "5")) == ("1",)
        assert await orders.read(("city", "five")) == ("2",)  # what is no number is what it was
        await orders.insert(number="3", status="open", city="5")
        await now(orders, own, with_columns(city={"type": "text"}))
        assert await orders.read(("city", "5")) == ("3",)
        assert await orders.modify(("city", "5.0"), city="6") == "ok"
        assert await orders.read(("city", "6")) == ("1",)


async def test_the_database_has_another_reference(own, sql_url):
    async with rows(own, sql_url) as orders:
        await orders.insert(number="1", status="open")
        await now(orders, own, ORDERS, reference="sales")
        assert await orders.read(("number", "1")) == ("error", "database_not_found")
        orders.database = "sales"
        assert await orders.read(("number", "1")) == ("1",)


async def test_connectors_that_know_different_definitions_find_each_others_rows(own, sql_url):
    async with rows(own, sql_url) as old:
        await old.insert(number="1", status="open", city="5.0")
        publish(own, "orders", with_columns(city={"type": "number"}), "orders-id")
        async with rows(own, sql_url) as new:
            assert await new.read(("city", "5")) == ("1",)
            old.commands.connector._definitions._documents["database", "orders"] = {"id": "orders-id", **ORDERS}
            await old.insert(number="2", status="open", city="5.00")
            assert await new.read(("city", "5"), ("number", "2")) == ("2",)
