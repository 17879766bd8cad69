"""The page of tasks in a real browser."""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.tasks import office
from connectors.tasks.office import mount
from schemas.deployment import Deployment
from tests.connectors.office.office_bench import PASSWORD, TOKEN, serving_office, staff
from tests.connectors.tasks.salesforce_server import salesforce
from tests.connectors.tasks.task_bench import configured, tasks
from tests.smart_routing.browser import running_browser

PAGE = Path(office.__file__).parent / "page"
SCRIPT = "<img src=x onerror=\"document.title='taken'\">"
STAFF = staff(tina=["tasks"])
NAMES = "[...document.querySelectorAll('.tasks tbody td:first-child')].map((cell) => cell.firstChild.textContent)"


def from_now(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat(timespec="seconds")


async def looked_at(page, name: str) -> None:
    """Keep a picture where whoever looks at pages asks for one."""
    if folder := os.environ.get("SMART_ROUTING_TEST_PICTURES"):
        await page.picture(Path(folder) / f"{name}.png")


def rows(*names: str) -> str:
    return f"JSON.stringify({NAMES}) === {json.dumps(json.dumps(names, separators=(',', ':'), ensure_ascii=False))}"


async def signed_in(page):
    await page.arrives("document.activeElement?.name === 'name'")
    await page.call("Input.insertText", text="tina")
    await page.value("document.querySelector('[name=password]').focus()")
    await page.call("Input.insertText", text=PASSWORD)
    await page.click("document.querySelector('#sign-in button')")


async def test_tasks_are_seen_done_and_made(shared_redis, tmp_path):
    url = f"sqlite:///{tmp_path / 'tasks.db'}"
    async with (
        salesforce() as server,
        tasks(url, **configured(server)) as bench,
        serving_office(Deployment(redis_url=shared_redis.url), [mount], SMART_ROUTING_SQL_URL=url, **STAFF, **configured(server)) as client,
        running_browser(tmp_path / "browser") as browser,
    ):
        api = client(token=TOKEN)
        await bench.create("1", name=f"Answer {SCRIPT}", category="complaint", end_date=from_now(hours=-1))
        await bench.create("2", name="There", category="sales", kind="salesforce", end_date=from_now(hours=30))
        await bench.create("3", name="Call Ann back", start_date=from_now(hours=2), end_date=from_now(hours=50))
        async with browser.page(f"{api.address}/tasks/", width=1280, height=800) as page:
            await signed_in(page)
            await page.arrives(rows(f"Answer {SCRIPT}", "There", "Call Ann back"))
            tags = "[...document.querySelectorAll('.tasks .tag')].map((tag) => tag.textContent)"
            assert await page.value(tags) == ["overdue", "open", "not begun"]
            link = "document.querySelector('.tasks a').href"
            assert (await page.value(link)).startswith(f"{server.url}/00T")
            await looked_at(page, "tasks_list")
            await page.click("document.querySelector('.tasks button')")
            await page.arrives(rows("There", "Call Ann back"))
            await page.click("document.querySelector('.bar .primary')")
            await page.arrives("document.querySelector('dialog[open]')")
            await page.value("document.querySelector('dialog textarea').value = 'By hand'")
            await page.value("document.querySelector('dialog input').value = 'call_back'")
            await page.value("document.querySelectorAll('dialog input')[2].value = '2020-03-01T10:30'")
            await looked_at(page, "task_new")
            await page.click("document.querySelector('dialog .primary')")
            await page.arrives(rows("By hand", "There", "Call Ann back"))
            made = (await api.call("GET", "/api/tasks?state=overdue"))[1]["tasks"][0]
            assert made["end_date"].startswith("2020-03-01T10:30:00")
            assert made["created_by"] == "tina"
            await page.value("document.querySelector('.bar select').value = 'done'")
            await page.value("document.querySelector('.bar select').dispatchEvent(new Event('input')) && null")
            await page.arrives(rows(f"Answer {SCRIPT}"))
            assert "tina" in await page.value("document.querySelector('.tasks tbody').innerText")
            assert await page.value("document.title") == "Tasks"
            assert await page.value("document.querySelectorAll('img').length") == 0
        async with browser.page(f"{api.address}/tasks/", width=390, height=844, dark=True, touch=True) as page:
            await page.arrives(rows("By hand", "There", "Call Ann back"))
            assert await page.fits()
            await looked_at(page, "tasks_phone")
            # Somebody else does the task that this page still shows as open.
            assert (await api.call("PATCH", f"/api/tasks/{made['id']}", {"done": True}, **{"If-Match": "*"}))[0] == 200
            await page.value("document.querySelector('.tasks button').click()")
            await page.arrives("document.querySelector('#said .wrong')?.textContent.includes('Somebody has changed this task')")
            await page.arrives(rows("There", "Call Ann back"))
        assert [line for line in browser.complaints if not re.search(r"status of (401|412)", line)] == []


def test_the_page_needs_nothing_from_elsewhere_and_never_makes_markup_of_text():
    for file in PAGE.iterdir():
        text = file.read_text("utf-8")
        assert "://" not in text, file.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|style=|onclick=\"", text), file.name
