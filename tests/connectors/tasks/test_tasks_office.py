"""The staff's API of tasks, on SQLite and on PostgreSQL."""

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from connectors.tasks.office import mount
from schemas.deployment import Deployment
from tests.connectors.office.office_bench import TOKEN, serving_office, staff
from tests.connectors.tasks.salesforce_server import salesforce
from tests.connectors.tasks.task_bench import configured, tasks

STAFF = staff(tina=["tasks"], nora=["agent"])
NEW = {"name": "Call Ann back", "category": "call_back"}


def from_now(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat(timespec="seconds")


@asynccontextmanager
async def program(shared_redis, sql_url, **environment):
    deployment = Deployment(redis_url=shared_redis.url)
    async with serving_office(deployment, [mount], SMART_ROUTING_SQL_URL=sql_url, **{**STAFF, **environment}) as client:
        yield client(token=TOKEN)


async def test_a_task_is_made_changed_and_done(shared_redis, sql_url):
    async with program(shared_redis, sql_url) as api:
        async with api.session.post("/api/tasks", json={**NEW, "end_date": "2099-03-01T10:00:00+01:00"}) as response:
            made = await response.json()
            assert (response.status, response.headers["Location"], response.headers["ETag"]) == (201, f"/api/tasks/{made['id']}", '"1"')
        assert (made["state"], made["created_by"], made["kind"], made["customer"]) == ("open", "dialer", "standard", None)
        path = f"/api/tasks/{made['id']}"
        assert (await api.call("PATCH", path, {"done": True}))[0] == 428
        status, done = await api.call("PATCH", path, {"done": True}, **{"If-Match": '"1"'})
        assert (status, done["state"], done["done_by"]) == (200, "done", "dialer")
        assert abs(done["done_at"] - time.time() * 1000) < 60_000
        assert (await api.call("PATCH", path, {"name": "mine"}, **{"If-Match": '"1"'}))[0] == 412
        status, again = await api.call("PATCH", path, {"done": False, "end_date": "", "category": "other"}, **{"If-Match": '"2"'})
        assert (again["state"], again["end_date"], again["category"], again["name"]) == ("open", None, "other", "Call Ann back")
        assert (await api.call("GET", path))[1] == again


async def test_what_cannot_be_a_task_is_refused(shared_redis, sql_url):
    async with program(shared_redis, sql_url, SMART_ROUTING_TASKS_CATEGORIES="call_back") as api:
        for body, status, where in (
            ({**NEW, "name": " "}, 400, "name"),
            ({**NEW, "name": "a\0b"}, 400, "name"),
            ({**NEW, "category": "coffee"}, 422, "category"),
            ({**NEW, "start_date": "tomorrow"}, 422, "wrong_type"),
            ({**NEW, "start_date": "2026-03-01T10:00:00"}, 422, "wrong_type"),
            ({**NEW, "start_date": "2026-03-02T10:00:00Z", "end_date": "2026-03-01T10:00:00Z"}, 422, "ends_before_start"),
            ({**NEW, "kind": "salesforce"}, 400, "kind"),
            ({"name": "x"}, 400, "category"),
        ):
            answer, fault = await api.call("POST", "/api/tasks", body)
            assert (answer, fault["error"]) == (status, where), body
        assert (await api.call("GET", "/api/tasks"))[1]["tasks"] == []
        path = f"/api/tasks/{(await api.call('POST', '/api/tasks', NEW))[1]['id']}"
        for body, status in (({"category": "coffee"}, 422), ({"start_date": "x"}, 422), ({"name": ""}, 400), ({"id": "x"}, 400)):
            assert (await api.call("PATCH", path, body, **{"If-Match": "*"}))[0] == status
        assert (await api.call("GET", "/api/task_categories"))[1] == {"categories": ["call_back"]}
        for path, status in (
            ("/api/tasks/none", 404),
            ("/api/tasks/%00", 404),
            ("/api/tasks/%27%20OR%201%3D1%20--", 404),
            ("/api/tasks?state=x", 400),
            ("/api/tasks?after=x", 400),
        ):
            async with api.session.get(api.address + path) as response:
                assert response.status == status, path


async def test_lists_are_by_state_and_in_the_order_in_which_tasks_are_due(shared_redis, sql_url):
    async with program(shared_redis, sql_url) as api:
        for name, start, end in (
            ("no end", None, None),
            ("later", None, from_now(days=2)),
            ("overdue", from_now(days=-2), from_now(days=-1)),
            ("sooner", from_now(days=-1), from_now(days=1)),
            ("waiting", from_now(days=1), from_now(days=3)),
            ("no end either", None, None),
        ):
            assert (await api.call("POST", "/api/tasks", {**NEW, "name": name, "start_date": start, "end_date": end}))[0] == 201

        async def names(query: str) -> list[str]:
            found: list[str] = []
            after: str | None = ""
            while after is not None:
                page = (await api.call("GET", f"/api/tasks?limit=2&{query}&after={after}"))[1]
                found += [task["name"] for task in page["tasks"]]
                after = page["next"]
            return found

        assert (await names(""))[:4] == ["overdue", "sooner", "later", "waiting"]
        assert sorted((await names(""))[4:]) == ["no end", "no end either"]
        assert (await names("state=overdue"), await names("state=waiting")) == (["overdue"], ["waiting"])
        assert (await names("state=open"))[:2] == ["sooner", "later"]
        assert await names("q=LATE") == ["later"]
        assert await names("q=%25") == await names("category=other") == await names("q=%27%20OR%201%3D1%20--") == []
        for task in (await api.call("GET", "/api/tasks"))[1]["tasks"][:3]:
            assert (await api.call("PATCH", f"/api/tasks/{task['id']}", {"done": True}, **{"If-Match": "*"}))[0] == 200
            await asyncio.sleep(0.002)  # so that each is done at a time of its own
        assert await names("state=done") == ["later", "sooner", "overdue"]
        assert (await names(""))[0] == "waiting"


async def test_a_task_in_salesforce_is_shown_and_changed_there_only(shared_redis, sql_url):
    async with salesforce() as server, tasks(sql_url, **configured(server)) as bench:
        _, _, values = await bench.create("1", kind="salesforce")
        async with program(shared_redis, sql_url, **configured(server)) as api:
            (shown,) = (await api.call("GET", "/api/tasks"))[1]["tasks"]
            assert (shown["kind"], shown["salesforce_url"]) == ("salesforce", f"{server.url}/{values['salesforce_id']}")
            assert shown["customer"] == {"channel": "sms", "account": "+33100000000", "address": "+33612345678"}
            assert (await api.call("PATCH", f"/api/tasks/{shown['id']}", {"done": True}, **{"If-Match": "*"}))[0] == 409


async def test_only_those_with_the_role_come_near(shared_redis, sql_url):
    deployment = Deployment(redis_url=shared_redis.url)
    async with serving_office(deployment, [mount], SMART_ROUTING_SQL_URL=sql_url, **STAFF) as client:
        guest, nora, tina = client(), client(), client()
        await nora.sign_in("nora")
        await tina.sign_in("tina")
        for method, path in (
            ("GET", "/api/tasks"),
            ("POST", "/api/tasks"),
            ("GET", "/api/task_categories"),
            ("GET", "/api/tasks/x"),
            ("PATCH", "/api/tasks/x"),
        ):
            assert (await guest.call(method, path, {}))[0] == 401
            assert (await nora.call(method, path, {}))[0] == 403
        assert (await tina.call("POST", "/api/tasks", NEW))[0] == 201
        tina.csrf = "guessed"
        assert (await tina.call("POST", "/api/tasks", NEW))[0] == 403
