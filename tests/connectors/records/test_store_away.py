"""The store is away, slow or in somebody's hands: commands wait, and none is half done."""

import asyncio
import sqlite3

import pytest

from connectors.framework.errors import Retry
from tests.connectors.crm.card_bench import ANN, DEFINITIONS, cards, fields
from tests.connectors.databases.row_bench import ORDERS, rows, values
from tests.connectors.record_bench import published

ROW = {"database": "orders", "values": values([("number", "1"), ("status", "open")])}
READ = {"database": "orders", "confirm": "all", "assertions": values([("number", "1")]), "columns": [{"name": "number", "type": "number"}]}


@pytest.fixture(scope="module")
def deployment(kafka):
    yield from published(kafka, "databases", {"orders": ORDERS, **DEFINITIONS})


async def execute(made, name, body, command_id="c1-1-1"):
    connector = made.commands.connector
    return await connector.commands[name].execute(connector, body, made.commands.context(command_id))


async def test_postgresql_goes_away_and_comes_back(deployment, postgresql, postgresql_url):
    async with rows(deployment, postgresql_url) as orders, cards(deployment, postgresql_url) as contacts:
        assert (await execute(orders, "InsertRow", ROW)).outcome == "ok"
        postgresql.shut(postgresql_url)
        try:
            for made, command, body in (
                (orders, "ReadRow", READ),
                (orders, "InsertRow", ROW),
                (contacts, "CreateCard", {"crm": "contacts", "fields": fields({"phone": ANN}), "associate": True}),
            ):
                with pytest.raises(Retry) as raised:
                    await execute(made, command, body, "c1-2-1")
                assert raised.value.reason == "unreachable"
        finally:
            postgresql.reopen(postgresql_url)
        assert (await execute(orders, "InsertRow", ROW, "c1-2-1")).outcome == "ok"
        assert await orders.count() == 2


async def test_who_waits_too_long_for_sqlite_tries_again(deployment, tmp_path, monkeypatch):
    monkeypatch.setattr("connectors.sql.sqlite.LOCK_SECONDS", 0.3)
    path = tmp_path / "connectors.db"
    async with rows(deployment, f"sqlite:///{path}") as orders:
        assert (await execute(orders, "InsertRow", ROW)).outcome == "ok"
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Retry):
            await execute(orders, "InsertRow", ROW, "c1-2-1")
        assert (await execute(orders, "ReadRow", READ)).outcome == "ok"  # who reads waits for nobody
        other.execute("ROLLBACK")
        other.close()
        assert (await execute(orders, "InsertRow", ROW, "c1-2-1")).outcome == "ok"


async def test_a_command_whose_time_is_over_leaves_nothing(deployment, postgresql_url):
    async with rows(deployment, postgresql_url) as orders, rows(deployment, postgresql_url) as other:
        await execute(orders, "InsertRow", ROW)
        change = {"database": "orders", "scope": "all", "assertions": values([("number", "1")]), "changes": values([("city", "Lyon")])}
        async with other.commands.database.writing() as connection:
            await connection.exec_driver_sql("SELECT * FROM databases_collections FOR UPDATE")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await execute(orders, "ModifyRows", change, "c1-2-1")
        assert await orders.read(("city", "Lyon")) == ("not_found", None)
        assert (await execute(orders, "ModifyRows", change, "c1-2-1")).outcome == "ok"
