"""The office's API of custom databases."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientPayloadError
from yarl import URL

from connectors.databases import office, tables
from connectors.databases.custom_database import collection_of
from connectors.records.records import Records
from tests.connectors.databases.row_bench import ORDERS, rows
from tests.connectors.office.office_bench import TOKEN, serving_office, staff
from tests.connectors.record_bench import publish

PATH = "/api/databases/orders/rows"
STAFF = staff(dora=["databases"], sue=["supervisor"], carl=["cases"])
NO_NUMBER = "line 4: Field number: expected a number such as -1234.5; found 4 characters that are none."
WITH_CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def deployment(shared, shared_redis):
    return shared.model_copy(update={"redis_url": shared_redis.url})


@pytest.fixture
async def clients(deployment, sql_url):
    async with serving_office(deployment, [office.mount], SMART_ROUTING_SQL_URL=sql_url, **STAFF) as client:
        yield client


@pytest.fixture
async def dora(clients):
    client = clients()
    assert await client.sign_in("dora") == 201
    return client


async def add(client, **values):
    return await client.call("POST", PATH, {"values": values})


async def test_databases_are_listed_with_their_columns(dora):
    status, said = await dora.call("GET", "/api/databases")
    assert status == 200
    (orders,) = said["collections"]
    assert (orders["name"], orders["path"], orders["count"]) == ("Orders", PATH, 0)
    assert orders["fields"][2] == {"name": "status", "type": "list", "required": True, "choices": ["open", "shipped", "held"]}


async def test_a_row_is_added_changed_and_deleted(dora, deployment, sql_url):
    status, row = await add(dora, number="007.0", status="open", city=" ")
    assert status == 201
    assert (row["values"]["number"], row["values"]["city"], row["version"]) == ("7", "", 1)
    async with rows(deployment, sql_url) as flow:
        assert await flow.read(("number", "7"), columns=("status",)) == ("open",)
        changed = await dora.call("PATCH", f"{PATH}/{row['id']}", {"values": {"status": "held", "city": "Lyon"}}, **{"If-Match": '"1"'})
        assert (changed[0], changed[1]["values"]["status"], changed[1]["version"]) == (200, "held", 2)
        assert await flow.read(("city", "Lyon"), columns=("status",)) == ("held",)
        assert await dora.call("DELETE", f"{PATH}/{row['id']}", **{"If-Match": '"2"'}) == (204, "")
        assert await flow.read(("city", "Lyon")) == ("not_found", None)
    assert (await dora.call("GET", f"{PATH}/{row['id']}"))[0] == 404


async def test_who_was_slower_changes_and_deletes_nothing(dora):
    _, row = await add(dora, number="7", status="open")
    path = f"{PATH}/{row['id']}"
    assert (await dora.call("PATCH", path, {"values": {"city": "Lyon"}}, **{"If-Match": '"1"'}))[0] == 200
    assert (await dora.call("PATCH", path, {"values": {"city": "Paris"}}, **{"If-Match": '"1"'}))[0] == 412
    assert (await dora.call("DELETE", path, **{"If-Match": '"1"'}))[0] == 412
    assert (await dora.call("DELETE", path))[0] == 428
    assert (await dora.call("GET", path))[1]["values"]["city"] == "Lyon"


async def test_rows_are_listed_page_by_page_the_newest_first_and_searched(dora):
    for number in range(1, 8):
        await add(dora, number=str(number), status="open", city="Łódź" if number % 2 else "Lyon_%")
    _, page = await dora.call("GET", f"{PATH}?limit=3")
    assert [row["values"]["number"] for row in page["records"]] == ["7", "6", "5"]
    _, page = await dora.call("GET", f"{PATH}?limit=3&before={page['before']}")
    assert [row["values"]["number"] for row in page["records"]] == ["4", "3", "2"]
    _, page = await dora.call("GET", f"{PATH}?limit=3&before={page['before']}")
    assert ([row["values"]["number"] for row in page["records"]], page["before"]) == (["1"], None)
    for text, expected in (("łódź", "7531"), ("_%", "642"), ("city", ""), ('"', ""), ("7", "7"), ("%", "642")):
        _, page = await dora.call("GET", f"{PATH}?q={quote(text)}")
        assert "".join(row["values"]["number"] for row in page["records"]) == expected, text
    _, page = await dora.call("GET", f"{PATH}?field=number&value=3.0")
    assert [row["values"]["number"] for row in page["records"]] == ["3"]


UNFIT = (({"number": "x", "status": "open"}, "wrong_type"), ({"number": "1"}, "missing_field"), ({"colour": "red"}, "unknown_field"))


async def test_what_does_not_fit_is_refused_with_a_sentence(dora):
    for values, reason in UNFIT:
        status, said = await add(dora, **values)
        assert (status, said["error"]) == (422, reason)
        assert said["detail"]


BAD: tuple[tuple[str, str, Any, int], ...] = (
    ("GET", "/api/databases/returns/rows", None, 404), ("GET", f"{PATH}/9", None, 404), ("GET", f"{PATH}?limit=0", None, 400),
    ("GET", f"{PATH}?limit=x", None, 400),
    ("GET", f"{PATH}?before=99999999999999999999", None, 400), ("GET", f"{PATH}?q=%00", None, 400),
    ("GET", f"{PATH}?field=colour", None, 400), ("POST", PATH, {"values": {"number": 1}}, 400), ("POST", PATH, [], 400),
    ("POST", PATH, {"values": {}, "more": 1}, 400), ("GET", f"{PATH}/999999999999999999", None, 404), ("GET", f"{PATH}/x", None, 404),
    ("POST", f"{PATH}.csv", {"a": 1}, 415), ("GET", "/api/databases/%27%20OR%201%3D1/rows", None, 404),
)  # fmt: skip


async def test_bad_requests_are_refused(dora):
    for method, path, body, status in BAD:
        assert (await dora.call(method, path, body))[0] == status, path


async def test_only_those_with_the_role_come_in(clients):
    sue, carl, program, nobody = clients(), clients(), clients(TOKEN), clients()
    await sue.sign_in("sue")
    await carl.sign_in("carl")
    assert (await sue.call("GET", PATH))[0] == (await program.call("GET", PATH))[0] == 200
    for path in ("/api/databases", PATH, f"{PATH}.csv", f"{PATH}/1"):
        assert (await carl.call("GET", path))[0] == 403
        assert (await nobody.call("GET", path))[0] == 401
    assert (await carl.call("POST", PATH, {"values": {}}))[0] == 403
    sue.csrf = "guessed"
    assert (await sue.call("POST", PATH, {"values": {"number": "1", "status": "open"}}))[0] == 403
    assert (await sue.call("DELETE", f"{PATH}/1"))[0] == 403


async def send_file(client, text):
    headers = {**WITH_CSV, "X-CSRF-Token": client.csrf}
    async with client.session.post(f"{PATH}.csv", data=text.encode(), headers=headers) as response:
        return response.status, await response.json()


async def test_files_come_in_and_go_out(dora):
    text = '\ufeffnumber;status;city;note\r\n1;open;"Lyon; 2e";\'=1+1\r\n\r\n2,50;held;;\r\n'
    assert await send_file(dora, text) == (422, {"error": "file", "detail": NO_NUMBER})
    assert (await dora.call("GET", PATH))[1]["records"] == []  # all or none
    assert await send_file(dora, text.replace("2,50", "2.50")) == (201, {"added": 2})
    async with dora.session.get(f"{PATH}.csv") as response:
        assert response.headers["Content-Disposition"].startswith("attachment")
        exported = await response.text()
    header, first, second = exported.splitlines()
    assert header == "number,email,status,note,sent_at,due,phone,gift,photo,city"
    assert (first, second) == ("1,,open,'=1+1,,,,,,Lyon; 2e", "2.5,,held,,,,,,,")
    assert await send_file(dora, exported) == (201, {"added": 2})
    _, page = await dora.call("GET", f"{PATH}?field=note&value=%3D1%2B1")
    assert len(page["records"]) == 2


UNTAKEN = (
    ("", "line 1: expected some of number"), ("number,colour\n1,red\n", "found 'colour'"),
    ("number,number\n1,1\n", "twice"),
    ("number,status\n1\n", "line 2: expected 2 values, found 1"),
    ("number,status\n1,open\n2,\n", "line 3: Field status: expected a value"),
    ('number,status\n"1,open\n', "RFC 4180"), ("number,status\n\x00,open\n", "line 2"),
)  # fmt: skip


async def test_files_that_cannot_be_taken(dora):
    for text, said in UNTAKEN:
        status, answer = await send_file(dora, text)
        assert status == 422
        assert said in answer["detail"]


async def test_an_import_does_not_stop_who_reads(dora, deployment, sql_url):
    lines = "".join(f"{number},open\n" for number in range(3_000))
    async with rows(deployment, sql_url) as flow:
        await add(dora, number="-1", status="held")
        imported = asyncio.create_task(send_file(dora, "number,status\n" + lines))
        while not imported.done():
            assert await flow.read(("number", "-1")) == ("-1",)
        assert (await imported) == (201, {"added": 3_000})
        assert await flow.read(("number", "2999")) == ("2999",)


async def test_a_file_whose_source_goes_away_is_not_taken_for_whole(deployment, postgresql, postgresql_url):
    async with rows(deployment, postgresql_url) as flow:
        collection = collection_of({"id": "orders-id", **ORDERS})
        async with flow.commands.database.writing() as connection:
            await Records(tables.rows).enter(connection, collection)
            await Records(tables.rows).add(connection, collection, [{"note": "x" * 40_000}] * 600)
    async with (
        serving_office(deployment, [office.mount], SMART_ROUTING_SQL_URL=postgresql_url, **STAFF) as client,
        client(TOKEN).session.get(f"{PATH}.csv") as response,
    ):
        assert response.status == 200
        # The first 500 rows are more than a connection holds: the others have not been read yet.
        postgresql.shut(postgresql_url)
        with pytest.raises(ClientPayloadError):
            await response.read()


async def test_names_that_need_care_in_an_address(own, shared_redis, sqlite_url):
    publish(own, "a/b ?c#d%2F", {"kind": "database", "name": "", "columns": {"x": {}}})
    deployment = own.model_copy(update={"redis_url": shared_redis.url})
    async with serving_office(deployment, [office.mount], SMART_ROUTING_SQL_URL=sqlite_url, **STAFF) as clients:
        program = clients(TOKEN)
        _, said = await program.call("GET", "/api/databases")
        (path,) = (collection["path"] for collection in said["collections"] if collection["name"] == "a/b ?c#d%2F")
        async with program.session.post(URL(program.address + path, encoded=True), json={"values": {"x": "1"}}) as response:
            assert response.status == 201
