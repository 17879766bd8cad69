"""The SQL store on SQLite and on PostgreSQL."""

import asyncio
import os
import secrets
import socket
import sqlite3
import time
from contextlib import closing

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, event, func, insert, select

from connectors.framework.context import Context
from connectors.framework.ending import end
from connectors.framework.errors import Refused, Retry, StoreAway
from connectors.framework.outcome import UNKNOWN, Outcome
from connectors.framework.settings import SettingsError
from connectors.sql.database import Database, opened
from connectors.sql.tables import executed
from schemas.deployment import Deployment
from tests.connectors.command_bench import around
from tests.connectors.postgresql_server import PostgresqlServer

metadata = MetaData()
things = Table("things", metadata, Column("id", Integer, primary_key=True), Column("name", String(20), unique=True))


@pytest.fixture
async def database(sql_url):
    async with opened(around(Deployment(), SMART_ROUTING_SQL_URL=sql_url), "sql") as made:
        async with made.writing() as connection:
            await connection.run_sync(metadata.create_all)
        yield made


def context(number):
    return Context(f"c1-1-{number}", "c1", None, {})


async def count(database, table=things):
    async with database.reading() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


def adding(name, outcome=None):
    async def work(connection):
        await connection.execute(insert(things).values(name=name))
        return outcome or Outcome.ok(name=name)

    return work


async def test_a_command_is_done_once_and_answered_with_its_first_outcome(database):
    partial = Outcome("not_ok", "missing_field", "Field x.", {"a": "1"})
    first = await database.once(context(1), adding("a", partial))
    second = await database.once(context(1), adding("b"))
    assert first == partial
    assert (second.outcome, second.reason, second.detail, dict(second.values)) == ("not_ok", "missing_field", "Field x.", {"a": "1"})
    assert await count(database) == 1


async def test_the_same_command_at_the_same_time_is_done_once(database):
    outcomes = await asyncio.gather(*(database.once(context(1), adding(f"a{number}")) for number in range(8)))
    assert len({outcome.values["name"] for outcome in outcomes}) == 1
    assert await count(database) == await count(database, executed) == 1


async def test_what_was_executed_long_ago_is_forgotten(database):
    day = 24 * 3600 * 1000
    now = time.time_ns() // 1_000_000
    rows = [("sql", "old", now - 60 * day), ("sql", "recent", now - 30 * day), ("cases", "of another", now - 60 * day)]
    async with database.writing() as connection:
        for family, command_id, at in rows:
            row = {"family": family, "command_id": command_id, "outcome": "ok", "results": {}, "executed_at": at}
            await connection.execute(insert(executed).values(row))
    await database.once(context(1), adding("a"))
    async with database.reading() as connection:
        left = set((await connection.execute(select(executed.c.command_id))).scalars())
    assert left == {"recent", "of another", "c1-1-1"}


async def test_what_is_refused_leaves_nothing_and_may_be_done_later(database):
    async def refuse(connection):
        await adding("a")(connection)
        raise Refused("wrong_type")

    with pytest.raises(Refused):
        await database.once(context(1), refuse)
    assert await count(database) == await count(database, executed) == 0
    assert (await database.once(context(1), adding("a"))).outcome == "ok"


async def test_a_cancelled_command_leaves_nothing(database):
    begun = asyncio.Event()

    async def hang(connection):
        await adding("a")(connection)
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(database.once(context(1), hang))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await database.once(context(1), adding("a"))).outcome == "ok"
    assert await count(database) == 1


async def test_who_is_cut_off_while_another_process_writes_leaves_nothing_behind(tmp_path):
    async with opened(around(Deployment(), SMART_ROUTING_SQL_URL=f"sqlite:///{tmp_path / 'connectors.db'}"), "sql") as database:
        with closing(sqlite3.connect(tmp_path / "connectors.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            before = asyncio.all_tasks()
            task = asyncio.create_task(database.once(context(1), adding("a")))
            await asyncio.sleep(0.3)
            async with asyncio.timeout(1):
                await end(task)
            assert asyncio.all_tasks() == before


async def test_a_writer_waits_for_another_process_that_writes(tmp_path):
    async with opened(around(Deployment(), SMART_ROUTING_SQL_URL=f"sqlite:///{tmp_path / 'connectors.db'}"), "sql") as database:
        async with database.writing() as connection:
            await connection.run_sync(metadata.create_all)
        with closing(sqlite3.connect(tmp_path / "connectors.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            task = asyncio.create_task(database.once(context(1), adding("a")))
            await asyncio.sleep(0.5)
            assert not task.done()
            other.execute("ROLLBACK")
            assert (await task).outcome == "ok"


async def test_writers_come_one_after_the_other_or_side_by_side_and_none_is_lost(database):
    await asyncio.gather(*(database.once(context(number), adding(f"a{number}")) for number in range(50)))
    assert await count(database) == await count(database, executed) == 50


async def test_many_who_open_it_at_the_same_time_migrate_it_once(sql_url):
    surroundings = around(Deployment(), SMART_ROUTING_SQL_URL=sql_url)
    made = [Database(surroundings, "sql") for _ in range(5)]
    await asyncio.gather(*(database.open() for database in made))
    assert await count(made[0], executed) == 0
    for database in made:
        await database.close()


@pytest.fixture(scope="module")
def mortal_server():
    """A server for tests that stop it: each leaves it running."""
    with PostgresqlServer() as server:
        yield server


@pytest.fixture
async def mortal(mortal_server):
    name = f"test_{secrets.token_hex(4)}"
    mortal_server.execute(f"CREATE DATABASE {name}")
    async with opened(around(Deployment(), SMART_ROUTING_SQL_URL=mortal_server.url(name)), "sql") as made:
        async with made.writing() as connection:
            await connection.run_sync(metadata.create_all)
        yield made


async def test_a_store_that_is_down_is_tried_again(mortal_server, mortal):
    mortal_server.stop()
    with pytest.raises(Retry, match="unreachable"):
        await mortal.once(context(1), adding("a"))
    mortal_server.start()
    assert (await mortal.once(context(1), adding("a"))).outcome == "ok"
    assert await count(mortal) == 1


async def test_a_store_that_goes_in_the_middle_of_a_command_is_tried_again(mortal_server, mortal):
    async def killed(connection):
        await adding("a")(connection)
        await asyncio.to_thread(mortal_server.stop)
        return Outcome.ok()

    with pytest.raises(StoreAway) as away:
        await mortal.once(context(1), killed)
    assert away.value.outcome is None, "it surely was not done"
    mortal_server.start()
    assert await count(mortal) == await count(mortal, executed) == 0


async def test_a_store_that_goes_while_it_commits_may_have_done_it(mortal_server, mortal):
    async def killed_later(connection):
        event.listen(mortal.engine.sync_engine, "commit", lambda _connection: mortal_server.stop(), once=True)
        return await adding("a")(connection)

    with pytest.raises(StoreAway) as away:
        await mortal.once(context(1), killed_later)
    assert away.value.outcome == UNKNOWN
    mortal_server.start()
    assert (await mortal.once(context(1), adding("a"))).outcome == "ok"
    assert await count(mortal) == await count(mortal, executed) == 1


async def test_a_server_that_is_gone_without_a_word_is_noticed(postgresql_url):
    async with opened(around(Deployment(), SMART_ROUTING_SQL_URL=postgresql_url), "sql") as database, database.reading() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        descriptor = os.dup(raw.fileno())
        with socket.socket(fileno=descriptor) as connected:
            assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            seconds = [connected.getsockopt(socket.IPPROTO_TCP, option) for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL)]
            probes = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
            assert seconds[0] + seconds[1] * probes <= 30
            assert 0 < connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000


async def test_a_statement_that_is_wrong_is_no_reason_to_try_again(database):
    missing = Table("missing", MetaData(), Column("id", Integer))
    with pytest.raises(Exception, match="missing") as wrong:
        await count(database, missing)
    assert not isinstance(wrong.value, Retry)


@pytest.mark.parametrize("url", ["mysql://root:hunter2@db/x", "hunter2"])
def test_an_address_that_cannot_be_used_is_told_without_its_password(url):
    with pytest.raises(SettingsError, match="SMART_ROUTING_SQL_URL: expected postgresql://") as wrong:
        Database(around(Deployment(), SMART_ROUTING_SQL_URL=url), "sql")
    assert "hunter2" not in str(wrong.value)
