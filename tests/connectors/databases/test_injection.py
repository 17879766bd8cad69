"""SQL in every field: it is a name that is not there, or a value as any other."""

import pytest
import pytest_asyncio

from tests.connectors.databases.row_bench import Rows, rows
from tests.connectors.record_bench import publish

ATTACKS = [
    "'; DROP TABLE databases_records; --",
    '"; DROP TABLE databases_records; --',
    "' OR '1'='1",
    "x' UNION SELECT content FROM databases_records --",
    "1); DELETE FROM databases_keys; --",
    "%' OR 1=1 --",
    "\\'; SELECT pg_sleep(10); --",
    ":value", "%(value)s", "?", "$1", "{0}", "${jndi:ldap://127.0.0.1/a}", "\x00", "😀'",
]  # fmt: skip


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def orders(orders):
    await orders.insert(number="1", status="open", city="Lyon")
    yield orders
    assert await orders.read(("number", "1"), columns=("city", "status")) == ("Lyon", "open")
    assert await orders.count() >= 1


@pytest.mark.parametrize("attack", ATTACKS)
async def test_in_a_value_that_is_searched(orders, attack):
    for column in ("city", "number", "sent_at", "status"):
        assert await orders.read((column, attack)) == ("not_found", None)
        assert await orders.modify((column, attack), scope="all", city="Paris") == "no_value_found"


@pytest.mark.parametrize("attack", ATTACKS)
async def test_in_a_value_that_is_kept(orders, attack):
    if attack == "\x00":
        assert (await orders.insert(number="2", status="open", city=attack))[:2] == ("not_ok", "wrong_type")
        return
    assert (await orders.insert(number="2", status="open", city=attack))[0] == "ok"
    assert await orders.read(("city", attack), columns=("city", "number")) == (attack, "2")
    assert await orders.modify(("city", attack), city=f"{attack}{attack}") == "ok"
    assert await orders.read(("number", "2"), columns=("city",)) == (attack + attack,)


@pytest.mark.parametrize("attack", ATTACKS)
async def test_in_the_name_of_a_column(orders, attack):
    assert await orders.read((attack, "1")) == ("columns_not_found", None)
    assert await orders.read(("number", "1"), columns=(attack,)) == ("columns_not_found", None)
    assert await orders.modify(("number", "1"), **{attack: "1"}) == "columns_not_found"
    assert (await orders.insert(**{"number": "1", "status": "open", attack: "1"}))[:2] == ("not_ok", "columns_not_found")


@pytest.mark.parametrize("attack", ATTACKS)
async def test_in_the_name_of_a_database(orders, attack):
    odd = Rows(orders.commands, attack)
    assert await odd.read(("number", "1")) == ("error", "database_not_found")
    assert (await odd.insert(number="1", status="open"))[:2] == ("not_ok", "database_not_found")
    assert await odd.modify(("number", "1"), status="held") == ("error", "database_not_found")


async def test_in_the_names_of_a_definition(own, sql_url):
    """Whoever may publish definitions still gets no hold of the store."""
    name = "a\"'; DROP TABLE databases_records; --"
    publish(own, name, {"kind": "database", "columns": {name: {}}}, name)
    async with rows(own, sql_url, name) as odd:
        assert (await odd.insert(**{name: "1"}))[0] == "ok"
        assert await odd.read((name, "1"), columns=(name,)) == ("1",)
        assert await odd.modify((name, "1"), **{name: "2"}) == "ok"
        assert await odd.count() == 1
