"""Searches find their way by indexes, whatever is asked: the plans of both stores."""

import pytest
import pytest_asyncio
from sqlalchemy import text

from connectors.databases.custom_database import collection_of
from connectors.databases.tables import rows
from connectors.records.records import Asserted, Records
from connectors.sql.database import opened
from schemas.deployment import Deployment
from tests.connectors.command_bench import around
from tests.connectors.databases.row_bench import ORDERS

COLLECTION = collection_of({"id": "orders", **ORDERS})
RECORDS = Records(rows)
NUMBER = 5_000

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEARCHES = [
    ([("number", "77")], "all"),
    ([("status", "open"), ("number", "4999")], "all"),
    ([("status", "open"), ("city", ""), ("number", "77")], "all"),
    ([("number", "77"), ("email", "c1@example.org")], "any"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database(shared_sql_url):
    async with opened(around(Deployment(), SMART_ROUTING_SQL_URL=shared_sql_url), "databases") as made:
        content = [{"number": str(number), "status": "open", "email": f"c{number % 500}@example.org"} for number in range(NUMBER)]
        async with made.writing() as connection:
            await RECORDS.enter(connection, COLLECTION)
            await RECORDS.add(connection, COLLECTION, content)
        if "postgresql" in shared_sql_url:
            async with made.engine.connect() as connection:
                await connection.execute(text("ANALYZE"))
                await connection.commit()
        yield made


@pytest.mark.parametrize(("wanted", "combine"), SEARCHES)
async def test_no_search_goes_through_all_records(database, wanted, combine):
    asserted = [Asserted(*one) for one in wanted]
    async with database.reading() as connection:
        search = await RECORDS._search(connection, COLLECTION, asserted, combine, 1)
        sqlite = connection.dialect.name == "sqlite"
        said = search.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
        explained = await connection.exec_driver_sql(
            f"{'EXPLAIN QUERY PLAN' if sqlite else 'EXPLAIN'} {said}",
            tuple(said.params[name] for name in said.positiontup or ()) if sqlite else dict(said.params),
        )
        plan = [str(row[-1]) for row in explained]
        found = await RECORDS.find(connection, COLLECTION, asserted, combine, 1)
    assert len(found) == 1
    assert any("databases_keys" in step for step in plan)
    whole = [step for step in plan if ("SCAN" in step and "databases_" in step if sqlite else "Seq Scan" in step)]
    assert whole == [], plan


async def test_the_rarest_value_leads(database):
    async with database.reading() as connection:
        keys = [COLLECTION.key("status", "open"), COLLECTION.key("number", "7"), COLLECTION.key("email", "c1@example.org")]
        assert await RECORDS._rarest_first(connection, keys) == [keys[1], keys[2], keys[0]]
