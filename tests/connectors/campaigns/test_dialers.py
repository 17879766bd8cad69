"""Targets handed to dialers, on SQLite and on PostgreSQL."""

import asyncio

import pytest
from sqlalchemy import select, text, update

from connectors.campaigns import leases, tables
from connectors.campaigns.connector import CampaignsConnector
from connectors.campaigns.leases import Report
from connectors.framework.errors import Refused
from connectors.sql.database import Database, opened
from tests.connectors.campaigns.conftest import context, insertion
from tests.connectors.command_bench import around

NOW = "2020-01-01T00:00:00+00:00"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def database(connector):
    return connector._database


@pytest.fixture
def insert(connector):
    async def insert(number, **changes):
        body = insertion(phone_number=f"+3361234{number:04}", start_date=NOW, **changes)
        return (await connector.insert_target(body, context(f"{number}"))).values["id"]

    return insert


async def lease(database, limit=1, seconds=300, by="dialer", campaign="winter"):
    async with database.writing() as connection:
        return await leases.lease_next(connection, "sms", campaign, limit=limit, seconds=seconds, by=by)


async def report(database, lease, result="answered", note="", retry_at=None):
    async with database.writing() as connection:
        return await leases.report(connection, lease, Report(result, note, retry_at, "dialer"))


async def expire(database):
    """Let time pass: what was leased until then is free."""
    async with database.writing() as connection:
        await connection.execute(update(tables.target).where(tables.target.c.leased_until > 0).values(leased_until=1))


async def row(database, target_id):
    async with database.reading() as connection:
        return (await connection.execute(select(tables.target).where(tables.target.c.id == int(target_id)))).one()


async def test_lower_priorities_come_first_then_those_that_have_waited_longest(connector, database):
    async def insert(number, priority, start_date):
        body = insertion(phone_number=f"+3361234{number:04}", priority=priority, start_date=start_date)
        return (await connector.insert_target(body, context(number))).values["id"]

    late = await insert(1, 2, "2020-01-02T00:00:00+01:00")
    early = await insert(2, 2, "2020-01-01T23:00:00+00:30")
    urgent = await insert(3, 1, "2020-01-03T00:00:00+00:00")
    await insert(4, 1, "2999-01-01T00:00:00+00:00")
    second = await insert(5, 2, "2020-01-02T00:00:00+01:00")
    assert [str(given.target.id) for given in await lease(database, 10)] == [urgent, early, late, second]


async def test_dialers_never_get_the_same_target(published, connector, shared_sql_url, insert):
    for number in range(60):
        await insert(number)
    dialers = [Database(around(published, SMART_ROUTING_SQL_URL=shared_sql_url), "campaigns") for _ in range(4)]
    try:

        async def work(database):
            given = []
            while found := await lease(database, 3):
                given += [target.target.id for target in found]
            return given

        shares = await asyncio.gather(*(work(database) for database in dialers))
    finally:
        for database in dialers:
            await database.close()
    assert sorted(target for share in shares for target in share) == sorted(range(1, 61))


async def test_on_postgresql_what_another_dialer_is_taking_is_passed_over_and_not_waited_for(published, postgresql_url):
    connector = CampaignsConnector(around(published, SMART_ROUTING_SQL_URL=postgresql_url))
    try:
        await connector.open()
        database = connector._database
        first, second = [
            (await connector.insert_target(insertion(phone_number=f"+3361234000{number}", start_date=NOW), context(number))).values["id"]
            for number in (1, 2)
        ]
        async with database.writing() as connection:
            (taken,) = await leases.lease_next(connection, "sms", "winter", limit=1, seconds=300, by="slow")
            async with asyncio.timeout(2):
                (other,) = await lease(database)
        assert (str(taken.target.id), str(other.target.id)) == (first, second)
    finally:
        await connector.close()


async def test_a_target_of_a_dead_dialer_goes_to_another_and_the_late_report_is_refused(database, insert):
    target = await insert(1)
    (dead,) = await lease(database, by="dead")
    assert await lease(database) == []
    await expire(database)
    (living,) = await lease(database, by="living")
    assert str(living.target.id) == target
    with pytest.raises(Refused, match="lease_lost"):
        await report(database, dead.lease)
    await report(database, living.lease)
    assert (await row(database, target)).result == "answered"


async def test_a_late_report_counts_as_long_as_nobody_else_has_the_target(database, insert):
    target = await insert(1)
    (late,) = await lease(database)
    await expire(database)
    await report(database, late.lease, "refused")
    found = await row(database, target)
    assert (found.result, found.attempts, found.lease, found.leased_until) == ("refused", 1, None, 0)


async def test_a_target_that_did_not_answer_is_contacted_again_when_the_dialer_says(database, insert):
    target = await insert(1)
    (first,) = await lease(database)
    state = await report(database, first.lease, "no_answer", "rang out", 4_102_444_800_000)
    assert state == {"id": target, "result": "no_answer", "finished": False, "retry_at": 4_102_444_800_000}
    assert await lease(database) == []
    async with database.writing() as connection:
        await connection.execute(update(tables.target).values(due_at=1))
    (second,) = await lease(database)
    assert second.target.attempts == 1
    assert (await report(database, second.lease, "no_answer"))["finished"]
    assert await lease(database) == []


async def test_the_same_report_again_is_the_same_and_another_one_is_refused(database, insert):
    await insert(1)
    (given,) = await lease(database)
    first = await report(database, given.lease, "busy", "n", 4_102_444_800_000)
    assert await report(database, given.lease, "busy", "n", 4_102_444_800_000) == first
    for other in (("answered", "n", None), ("busy", "", 4_102_444_800_000), ("busy", "n", None)):
        with pytest.raises(Refused, match="lease_lost"):
            await report(database, given.lease, *other)


async def test_of_many_reports_at_the_same_time_one_counts(database, insert):
    target = await insert(1)
    (given,) = await lease(database)
    results = ("answered", "refused", "done", "invalid_number")
    said = await asyncio.gather(*(report(database, given.lease, result) for result in results), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in said) == ["Refused"] * 3 + ["dict"]
    assert (await row(database, target)).attempts == 1


async def test_a_lease_is_extended_or_given_back(database, insert):
    target = await insert(1)
    (given,) = await lease(database, seconds=5)
    async with database.writing() as connection:
        assert await leases.extend(connection, given.lease, 3_600) > given.expires_at + 3_500_000
    assert await lease(database) == []
    async with database.writing() as connection:
        await leases.give_back(connection, given.lease)
    (again,) = await lease(database)
    assert (str(again.target.id), again.target.attempts) == (target, 0)
    for change in (leases.give_back, lambda connection, held: leases.extend(connection, held, 60)):
        with pytest.raises(Refused, match="lease_lost"):
            async with database.writing() as connection:
                await change(connection, given.lease)


async def test_postgresql_finds_the_next_targets_by_an_index_and_sorts_nothing(published, postgresql_url):
    wanted = select(tables.target.c.id).where(
        tables.target.c.medium == "sms", tables.target.c.campaign == "winter", tables.target.c.result.is_(None), tables.target.c.due_at <= 1
    )
    query = wanted.order_by(tables.target.c.priority, tables.target.c.due_at, tables.target.c.id).limit(1)
    async with opened(around(published, SMART_ROUTING_SQL_URL=postgresql_url), "campaigns") as database, database.reading() as connection:
        await connection.execute(text("SET enable_seqscan = off"))
        explained = text("EXPLAIN " + str(query.compile(connection.engine, compile_kwargs={"literal_binds": True})))
        plan = "\n".join(line for (line,) in await connection.execute(explained))
    assert "ix_campaigns_target_next" in plan
    assert "Sort" not in plan
