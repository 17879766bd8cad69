"""The SQL store on SQLite and on PostgreSQL."""

import asyncio

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, func, insert, select

from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry
from connectors.framework.outcome import Outcome
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


async def test_a_store_that_is_down_is_tried_again():
    with PostgresqlServer() as server:
        surroundings = around(Deployment(), SMART_ROUTING_SQL_URL=server.url("postgres"))
        async with opened(surroundings, "sql") as database:
            async with database.writing() as connection:
                await connection.run_sync(metadata.create_all)
            server.stop()
            with pytest.raises(Retry, match="unreachable"):
                await database.once(context(1), adding("a"))
            server.start()
            assert (await database.once(context(1), adding("a"))).outcome == "ok"
            assert await count(database) == 1


async def test_a_store_that_goes_in_the_middle_of_a_command_is_tried_again():
    with PostgresqlServer() as server:
        async with opened(around(Deployment(), SMART_ROUTING_SQL_URL=server.url("postgres")), "sql") as database:
            async with database.writing() as connection:
                await connection.run_sync(metadata.create_all)

            async def killed(connection):
                await adding("a")(connection)
                await asyncio.to_thread(server.stop)
                return Outcome.ok()

            with pytest.raises(Retry, match="unreachable"):
                await database.once(context(1), killed)
            server.start()
            assert await count(database) == await count(database, executed) == 0


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
