"""The staff's API of cases, on SQLite and on PostgreSQL."""

from contextlib import asynccontextmanager
from typing import Any

import pytest

from connectors.cases.office import mount
from schemas.deployment import Deployment
from tests.connectors.cases.case_bench import commands
from tests.connectors.office.office_bench import TOKEN, serving_office, staff

NEW = {"type": "complaint", "title": "A rucksack", "fields": {"refund": "012.50", "topic": "delay"}}
STAFF = staff(carl=["cases"], nora=["agent"])


@pytest.fixture
def deployment(types: Deployment, shared_redis) -> Deployment:
    return types.model_copy(update={"redis_url": shared_redis.url})


@asynccontextmanager
async def program(deployment, sql_url, **environment):
    async with serving_office(deployment, [mount], SMART_ROUTING_SQL_URL=sql_url, **{**STAFF, **environment}) as client:
        yield client(token=TOKEN)


async def test_a_case_is_opened_listed_and_changed(deployment, sql_url):
    async with program(deployment, sql_url) as api:
        async with api.session.post("/api/cases", json=NEW) as response:
            made = await response.json()
            assert (response.status, response.headers["Location"]) == (201, f"/api/cases/{made['reference']}")
        assert made["fields"] == {"refund": "12.5", "topic": "delay"}
        assert (made["status"], made["customer"], made["type_name"]) == ("new", None, "Complaint")
        async with api.session.get(f"/api/cases/{made['reference']}") as response:
            tag = response.headers["ETag"]
            assert await response.json() == made
        change = {"status": "answered", "fields": {"refund": "", "flown_on": "20260301"}}
        status, changed = await api.call("PATCH", f"/api/cases/{made['reference']}", change, **{"If-Match": tag})
        assert (status, changed["status"], changed["fields"]) == (200, "answered", {"topic": "delay", "flown_on": "2026-03-01"})
        status, history = await api.call("GET", f"/api/cases/{made['reference']}/history")
        assert [(entry["did"], entry["who"], entry["name"]) for entry in history["history"]] == [
            ("changed", "staff", "dialer"),
            ("opened", "staff", "dialer"),
        ]
        assert history["history"][0]["changes"] == {
            "status": ["new", "answered"],
            "refund": ["12.5", ""],
            "flown_on": ["", "2026-03-01"],
        }
        assert (await api.call("GET", "/api/cases"))[1]["cases"][0]["reference"] == made["reference"]


async def test_two_who_change_a_case_at_once_do_not_overwrite_each_other(deployment, sql_url):
    async with program(deployment, sql_url) as api:
        path = f"/api/cases/{(await api.call('POST', '/api/cases', NEW))[1]['reference']}"
        assert (await api.call("PATCH", path, {"title": "mine"}))[0] == 428
        assert (await api.call("PATCH", path, {"title": "mine"}, **{"If-Match": '"1"'}))[0] == 200
        status, fault = await api.call("PATCH", path, {"title": "another's"}, **{"If-Match": '"1"'})
        assert (status, fault["error"]) == (412, "If-Match")
        assert (await api.call("PATCH", path, {"title": "another's"}, **{"If-Match": '"1", "2"'}))[0] == 200
        assert (await api.call("GET", path))[1]["title"] == "another's"


REFUSED: tuple[tuple[Any, int, str], ...] = (
    ({**NEW, "type": "none"}, 422, "type"),
    ({**NEW, "title": " "}, 422, "missing_field"),
    ({**NEW, "fields": {"colour": "red"}}, 422, "unknown_field"),
    ({**NEW, "fields": {"refund": "a lot"}}, 422, "wrong_type"),
    ({**NEW, "title": "a\0b"}, 422, "wrong_type"),
    ({**NEW, "type": "order", "fields": {}}, 422, "missing_field"),
    ({**NEW, "type": "order", "fields": {"number": " "}}, 422, "wrong_type"),
    ({**NEW, "reference": "../x"}, 400, "reference"),
    ({**NEW, "reference": "a\nb"}, 400, "reference"),
    ({**NEW, "opened_at": "2026-03-01T10:00:00"}, 400, "opened_at"),
    ({**NEW, "customer": {"channel": "sms", "account": "1", "address": "a\0b"}}, 400, "customer.address"),
    ({**NEW, "id": "mine"}, 400, "id"),
    ({"title": "x"}, 400, "type"),
    ([], 400, "body"),
)


async def test_what_cannot_be_a_case_is_refused(deployment, sql_url):
    async with program(deployment, sql_url) as api:
        for body, status, where in REFUSED:
            answer, fault = await api.call("POST", "/api/cases", body)
            assert (answer, fault["error"]) == (status, where), body
        assert (await api.call("GET", "/api/cases"))[1]["cases"] == []


STRANGE = (
    ("/api/cases?after=x", 400),
    ("/api/cases?after=W10", 400),
    ("/api/cases?limit=0", 400),
    ("/api/cases?limit=101", 400),
    ("/api/cases?colour=red", 400),
    ("/api/cases?q=%00", 400),
    ("/api/cases?q=%FF", 200),
    ("/api/cases?q=" + "x" * 600, 400),
    ("/api/cases?q=%27%20OR%201%3D1%20--", 200),
    ("/api/cases/none", 404),
    ("/api/cases/%00", 404),
    ("/api/cases/%27%3B%20DROP%20TABLE%20cases_case%3B--", 404),
    ("/api/cases/none/history", 404),
)


async def test_strange_questions_are_answered_in_order(deployment, sql_url):
    async with program(deployment, sql_url) as api:
        assert (await api.call("POST", "/api/cases", NEW))[0] == 201
        for path, status in STRANGE:
            async with api.session.get(api.address + path) as response:
                assert response.status == status, path
                if status == 200:
                    assert (await response.json())["cases"] == []


async def test_pages_of_a_list_hold_each_case_once_although_cases_are_opened_meanwhile(deployment, sql_url):
    async with program(deployment, sql_url) as api:
        moments = [*range(10, 17), 12, 12]
        for number, second in enumerate(moments):
            body = {**NEW, "reference": f"r{number}", "opened_at": f"2026-03-01T10:00:{second}Z"}
            assert (await api.call("POST", "/api/cases", body))[0] == 201
        seen: list[tuple[int, str]] = []
        after: str | None = ""
        while after is not None:
            page = (await api.call("GET", f"/api/cases?limit=2&after={after}"))[1]
            seen += [(case["opened_at"], case["reference"]) for case in page["cases"]]
            after = page["next"]
            assert (await api.call("POST", "/api/cases", {**NEW, "opened_at": "2026-05-01T10:00:00Z"}))[0] == 201
        assert len(seen) == len({reference for _, reference in seen}) == len(moments)
        assert [at for at, _ in seen] == sorted((at for at, _ in seen), reverse=True)


async def test_lists_are_filtered(deployment, sql_url):
    about = {"channel": "sms", "account": "+33100000000", "address": "+33612345678"}
    async with program(deployment, sql_url) as api:
        await api.call("POST", "/api/cases", {**NEW, "reference": "one", "title": "100% wool", "customer": about})
        await api.call("POST", "/api/cases", {**NEW, "reference": "two", "title": "1000 wools", "status": "open"})
        await api.call("POST", "/api/cases", {"type": "order", "reference": "three", "title": "Wool", "fields": {"number": "1"}})
        for query, found in (
            ("q=100%25", ["one"]),
            ("q=WOOL", ["three", "two", "one"]),
            ("q=612345", ["one"]),
            ("q=tw_", []),
            ("q=two", ["two"]),
            ("type=order", ["three"]),
            ("status=open", ["three", "two"]),
            ("type=complaint&status=new", ["one"]),
            ("channel=sms&account=%2B33100000000&address=%2B33612345678", ["one"]),
            ("address=%2B33612345679", []),
        ):
            assert [case["reference"] for case in (await api.call("GET", f"/api/cases?{query}"))[1]["cases"]] == found, query


async def test_a_reference_that_is_taken_is_told_and_the_counter_passes_over_it(deployment, sql_url):
    async with program(deployment, sql_url) as api:
        brought = {**NEW, "reference": "C-2026-000041", "opened_at": "2026-01-01T00:00:00Z"}
        assert (await api.call("POST", "/api/cases", brought))[0] == 201
        assert await api.call("POST", "/api/cases", brought) == (
            409,
            {"error": "reference_taken", "detail": "There is a case C-2026-000041 already."},
        )
        made = [await api.call("POST", "/api/cases", {**NEW, "opened_at": f"2026-0{month}-01T00:00:00Z"}) for month in (2, 3)]
        assert [case["reference"] for _, case in made] == ["C-2026-000042", "C-2026-000043"]


async def test_what_staff_change_a_flow_finds_and_what_a_flow_changes_staff_see(deployment, sql_url):
    async with program(deployment, sql_url) as api, commands(deployment, sql_url) as cases:
        reference = (await cases.create("1"))[2]["reference"]
        await api.call("PATCH", f"/api/cases/{reference}", {"fields": {"refund": "7"}}, **{"If-Match": '"1"'})
        assert (await cases.associate("2"))[2]["refund"] == "7"
        await cases.modify("3", reference, {"status": "answered"})
        shown = (await api.call("GET", f"/api/cases/{reference}"))[1]
        assert (shown["status"], shown["fields"], shown["customer"]["address"]) == ("answered", {"refund": "7"}, "ann")
        assert [found["interaction"] for found in shown["interactions"]] == ["c1-1"]


async def test_types_are_told_with_their_fields(deployment, sql_url):
    async with program(deployment, sql_url) as api:
        types = (await api.call("GET", "/api/case_types"))[1]["types"]
        assert [type_["reference"] for type_ in types] == ["complaint", "order"]
        assert types[1]["fields"] == [
            {"name": "title", "type": "text", "required": False, "choices": []},
            {"name": "status", "type": "text", "required": False, "choices": []},
            {"name": "number", "type": "text", "required": True, "choices": []},
        ]


async def test_only_those_with_the_role_come_near(deployment, sql_url):
    async with serving_office(deployment, [mount], SMART_ROUTING_SQL_URL=sql_url, **STAFF) as client:
        guest, nora, carl = client(), client(), client()
        await nora.sign_in("nora")
        await carl.sign_in("carl")
        for method, path in (
            ("GET", "/api/cases"),
            ("POST", "/api/cases"),
            ("GET", "/api/case_types"),
            ("GET", "/api/cases/x"),
            ("PATCH", "/api/cases/x"),
            ("GET", "/api/cases/x/history"),
        ):
            assert (await guest.call(method, path, {}))[0] == 401
            assert (await nora.call(method, path, {}))[0] == 403
        assert (await carl.call("POST", "/api/cases", NEW))[0] == 201
        carl.csrf = "guessed"
        assert (await carl.call("POST", "/api/cases", NEW))[0] == 403
        assert (await carl.call("PATCH", "/api/cases/C-2026-000001", {}, **{"If-Match": "*"}))[0] == 403
