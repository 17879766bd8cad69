"""Every outcome of InsertTarget, on SQLite and on PostgreSQL."""

import asyncio
import json

import pytest
from sqlalchemy import func, select

from connectors.campaigns import store, tables
from connectors.campaigns.connector import CampaignsConnector
from connectors.framework.errors import Refused, Retry
from tests.connectors.campaigns.conftest import context, field, insertion
from tests.connectors.command_bench import around

FIXED = "+33142685300"
PREMIUM = "+33899701234"
TOLL_FREE = "+33800123456"
AMERICAN = "+12015550123"  # fixed line or mobile: the plan does not tell

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def outcome_of(connector, number=1, **changes):
    try:
        return (await connector.insert_target(insertion(**changes), context(number))).outcome
    except Refused as refused:
        return f"{refused.outcome or 'error'}: {refused.reason}"


async def rows_of(database, table=tables.target):
    async with database.reading() as connection:
        return (await connection.execute(select(table))).all()


async def rows(connector, table=tables.target):
    return await rows_of(connector._database, table)


async def test_a_target_is_kept_as_it_was_given(connector):
    name = "Zoë'); DROP TABLE campaigns_target; --"
    fields = [field("name", name), field("age", "07.50", "number"), field("size", "small", "list"), field("seen", "  ", "date_and_time")]
    outcome = await connector.insert_target(insertion(layout="lead", fields=fields), context())
    (row,) = await rows(connector)
    assert (outcome.outcome, dict(outcome.values)) == ("ok", {"id": str(row.id)})
    assert (row.medium, row.campaign, row.phone_number, row.priority, row.layout) == ("sms", "winter", "+33612345678", 3, "lead")
    assert (row.start_date, row.due_at) == ("2026-03-01T14:30:00+01:00", 1_772_371_800_000)
    assert json.loads(row.fields) == {"name": name, "age": "7.5", "size": "small"}
    assert (row.interaction_id, row.flow, row.attempts, row.result, row.lease) == ("c1-1", "main", 0, None, None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"campaign": "summer"}, "reference_not_found: reference_not_found"),
        ({"campaign": "gone"}, "reference_not_found: reference_not_found"),
        ({"medium": "voice", "campaign": "narrow"}, "reference_not_found: reference_not_found"),
        ({"medium": "pigeon"}, "reference_not_found: reference_not_found"),
        ({"campaign": "'; DROP TABLE campaigns_target; --"}, "reference_not_found: reference_not_found"),
        ({"layout": "order"}, "reference_not_found: layout_not_found"),
        ({"layout": "lead' OR '1'='1"}, "reference_not_found: layout_not_found"),
        ({"phone_number": "+33612345678'; --"}, "ok"),
        ({"phone_number": "call me"}, "invalid_number: invalid_number"),
        ({"phone_number": "0612345678"}, "invalid_number: invalid_number"),
        ({"phone_number": "+3361234567"}, "invalid_number: invalid_number"),
        ({"phone_number": ""}, "invalid_number: invalid_number"),
        ({"phone_number": FIXED}, "invalid_number: invalid_number"),
        ({"phone_number": FIXED, "medium": "whatsapp"}, "invalid_number: invalid_number"),
        ({"phone_number": TOLL_FREE}, "invalid_number: invalid_number"),
        ({"phone_number": PREMIUM, "medium": "voice"}, "invalid_number: invalid_number"),
        ({"phone_number": FIXED, "medium": "voice"}, "ok"),
        ({"phone_number": TOLL_FREE, "medium": "voice"}, "ok"),
        ({"phone_number": AMERICAN}, "ok"),
        ({"phone_number": AMERICAN, "medium": "whatsapp"}, "ok"),
        ({"fields": [field("name", "Ada")]}, "error: unknown_field"),
        ({"layout": "lead", "fields": [field("name", "Ada"), field("shoe", "42")]}, "error: unknown_field"),
        ({"layout": "lead", "fields": [field("name", "Ada"), field("age", "young", "number")]}, "error: wrong_type"),
        ({"layout": "lead", "fields": [field("name", "Ada"), field("size", "huge", "list")]}, "error: wrong_type"),
        ({"layout": "lead", "fields": [field("name", "A\0da")]}, "error: wrong_type"),
        ({"layout": "lead", "fields": []}, "error: refused"),
        ({"layout": "lead", "fields": [field("name", " ")]}, "error: refused"),
        ({"layout": "lead", "fields": [field("name", "Ada"), field("name", "Bea")]}, "error: refused"),
        ({"start_date": "tomorrow"}, "error: wrong_type"),
        ({"start_date": "2026-03-01T14:30:00"}, "error: wrong_type"),
        ({"start_date": ""}, "error: wrong_type"),
        ({"start_date": "0001-01-01T00:00:00+14:00"}, "error: wrong_type"),
        ({"start_date": "9999-12-31T23:59:59+00:00"}, "ok"),
        ({"priority": 0}, "error: out_of_range"),
        ({"priority": 11}, "error: out_of_range"),
        ({"campaign": "narrow", "priority": 2}, "error: out_of_range"),
        ({"campaign": "narrow", "priority": 4}, "ok"),
    ],
)
async def test_each_outcome_has_its_reason_and_only_ok_leaves_a_target(connector, changes, expected):
    assert await outcome_of(connector, **changes) == expected
    assert len(await rows(connector)) == len(await rows(connector, tables.number)) == (expected == "ok")


async def test_what_is_wrong_is_told_in_the_schema_s_order(connector):
    wrong = {"campaign": "summer", "layout": "order", "phone_number": "x", "fields": [field("shoe", "1")], "priority": 99}
    assert await outcome_of(connector, **wrong) == "reference_not_found: reference_not_found"
    assert await outcome_of(connector, **{**wrong, "campaign": "winter"}) == "reference_not_found: layout_not_found"
    assert await outcome_of(connector, **{**wrong, "campaign": "winter", "layout": "lead"}) == "invalid_number: invalid_number"
    right = {"layout": "lead", "fields": [field("name", "Ada")]}
    assert await outcome_of(connector, **right) == "ok"
    assert await outcome_of(connector, 2, **right, priority=99) == "error: out_of_range"
    assert await outcome_of(connector, 3, **right) == "duplication: duplication"


async def test_a_closed_campaign_takes_nothing_until_it_is_opened_again(connector):
    async with connector._database.writing() as connection:
        await store.set_closed(connection, "sms", "winter", "ana")
    assert await outcome_of(connector, fields=[field("shoe", "1")]) == "error: closed"
    assert await outcome_of(connector, medium="voice") == "ok"
    async with connector._database.writing() as connection:
        await store.set_closed(connection, "sms", "winter", None)
    assert await outcome_of(connector, 2) == "ok"


async def test_a_number_is_a_duplicate_in_its_own_campaign_only(connector):
    assert await outcome_of(connector) == "ok"
    assert await outcome_of(connector, 2) == "duplication: duplication"
    assert await outcome_of(connector, 3, phone_number="+33 6 12 34 56 78") == "duplication: duplication"
    assert await outcome_of(connector, 4, campaign="narrow") == "ok"
    assert await outcome_of(connector, 5, medium="whatsapp") == "ok"
    assert await outcome_of(connector, 6, insert_if_duplicate=True) == "ok"
    assert len(await rows(connector)) == 4


async def test_a_number_that_came_in_although_it_is_a_duplicate_counts_as_one_that_is_there(connector):
    assert await outcome_of(connector, insert_if_duplicate=True) == "ok"
    assert await outcome_of(connector, 2) == "duplication: duplication"


async def test_the_same_command_twice_inserts_one_target_and_has_one_answer(connector):
    first = await connector.insert_target(insertion(), context())
    again = await connector.insert_target(insertion(), context())
    assert dict(first.values) == dict(again.values)
    assert len(await rows(connector)) == 1


async def test_a_repeated_command_is_answered_even_where_the_campaign_is_closed_meanwhile(connector):
    first = await connector.insert_target(insertion(), context())
    async with connector._database.writing() as connection:
        await store.set_closed(connection, "sms", "winter", "ana")
    assert dict((await connector.insert_target(insertion(), context())).values) == dict(first.values)


async def test_of_many_with_the_same_number_at_the_same_time_one_is_inserted(published, sql_url):
    """Three connectors, each with connections of its own, as processes have them."""
    connectors = [CampaignsConnector(around(published, SMART_ROUTING_SQL_URL=sql_url)) for _ in range(3)]
    try:
        for connector in connectors:
            await connector.open()
        outcomes = await asyncio.gather(*(outcome_of(connectors[number % 3], number) for number in range(30)))
        assert sorted(outcomes) == ["duplication: duplication"] * 29 + ["ok"]
        assert len(await rows(connectors[0])) == 1
        outcomes = await asyncio.gather(*(outcome_of(connectors[number % 3], number, insert_if_duplicate=True) for number in range(30, 60)))
        assert outcomes == ["ok"] * 30
        assert len(await rows(connectors[0])) == 31
    finally:
        for connector in connectors:
            await connector.close()


async def test_of_different_numbers_at_the_same_time_all_are_inserted(connector):
    numbers = [f"+336123456{number}" for number in range(10, 60)]
    outcomes = await asyncio.gather(*(outcome_of(connector, index, phone_number=number) for index, number in enumerate(numbers)))
    assert outcomes == ["ok"] * 50
    async with connector._database.reading() as connection:
        assert (await connection.execute(select(func.count(tables.target.c.id.distinct())))).scalar_one() == 50


async def test_a_store_that_is_away_is_tried_again(published, postgresql, postgresql_url):
    connector = CampaignsConnector(around(published, SMART_ROUTING_SQL_URL=postgresql_url))
    try:
        await connector.open()
        postgresql.shut(postgresql_url)
        with pytest.raises(Retry, match="unreachable"):
            await connector.insert_target(insertion(), context())
        postgresql.reopen(postgresql_url)
        assert (await connector.insert_target(insertion(), context())).outcome == "ok"
    finally:
        await connector.close()
