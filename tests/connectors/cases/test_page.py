"""The page of cases in a real browser."""

import json
import os
import re
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from connectors.cases import office
from connectors.cases.office import mount
from schemas.deployment import Deployment
from tests.connectors.office.office_bench import PASSWORD, TOKEN, serving_office, staff
from tests.smart_routing.browser import running_browser

PAGE = Path(office.__file__).parent / "page"
SCRIPT = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
STAFF = staff(carl=["cases"])
ROWS = "document.querySelectorAll('.cases tbody tr').length"


@pytest.fixture
def deployment(types: Deployment, redis_server) -> Deployment:
    return types.model_copy(update={"redis_url": redis_server.url})


@asynccontextmanager
async def browsing(deployment, tmp_path):
    """A browser that is signed in, three cases, and a program that can look at them: gives browser and program."""
    environment = {**STAFF, "SMART_ROUTING_SQL_URL": f"sqlite:///{tmp_path / 'cases.db'}"}
    async with serving_office(deployment, [mount], **environment) as client, running_browser(tmp_path / "browser") as browser:
        api = client(token=TOKEN)
        about = {"channel": "web_chat", "account": "demo", "address": "a7c1f0"}
        for number in range(3):
            fields = {"refund": f"{number}.5", "story": f"{SCRIPT} number {number}", "called_at": "2026-03-01T10:00:00+09:00"}
            body = {"type": "complaint", "title": f"Rucksack {number} {SCRIPT}", "fields": fields, "customer": about}
            assert (await api.call("POST", "/api/cases", body))[0] == 201
        async with browser.page(f"{api.address}/cases/", width=1280, height=900) as page:
            await page.arrives("document.activeElement?.name === 'name'")
            await page.call("Input.insertText", text="carl")
            await page.value("document.querySelector('[name=password]').focus()")
            await page.call("Input.insertText", text=PASSWORD)
            await page.click("document.querySelector('#sign-in button')")
            await page.arrives(f"{ROWS} === 3")
            await looked_at(page, "cases_list")
        yield browser, api
        # What was refused is in the browser's log, as is that nobody was signed in at first; nothing else may be.
        assert [line for line in browser.complaints if not re.search(r"status of (401|412|422)", line)] == []


async def write(page, name: str, value: str) -> None:
    """Fill in a field of the form."""
    await page.value(f"document.querySelector('[data-field={name}]').value = {json.dumps(value)}")


async def save(page) -> None:
    await page.value("document.querySelector('form button.primary').click()")


async def looked_at(page, name: str) -> None:
    """Keep a picture where whoever looks at pages asks for one."""
    if folder := os.environ.get("SMART_ROUTING_TEST_PICTURES"):
        await page.picture(Path(folder) / f"{name}.png")


async def test_a_case_is_found_and_changed(deployment, tmp_path):
    async with browsing(deployment, tmp_path) as (browser, api):
        async with browser.page(f"{api.address}/cases/", width=1280, height=900) as page:
            await page.arrives(f"{ROWS} === 3")
            await page.value("document.querySelector('input[type=search]').focus()")
            await page.call("Input.insertText", text="rucksack 1")
            await page.arrives(f"{ROWS} === 1")
            await page.value("document.querySelector('.cases a').click()")
            await page.arrives("document.querySelector('[data-field=refund]')?.value === '1.5'")
            await write(page, "refund", "20")
            await write(page, "topic", "delay")
            await save(page)
            await page.arrives("document.querySelector('#said .done') && document.querySelectorAll('.history ins').length === 2")
            await looked_at(page, "case_wide")
            fields = (await api.call("GET", "/api/cases/C-2026-000002"))[1]["fields"]
            assert (fields["refund"], fields["topic"]) == ("20", "delay")
            assert fields["called_at"] == "2026-03-01T10:00:00+09:00"  # nobody touched it
            await write(page, "refund", "a lot")
            await save(page)
            await page.arrives("document.querySelector('#said .wrong')?.textContent.includes('expected a number')")
            assert await page.value("document.title") == "Case C-2026-000002"
            assert await page.value("document.querySelectorAll('img, main script').length") == 0
        async with browser.page(f"{api.address}/cases/#C-2026-000002", width=390, height=844, dark=True, touch=True) as page:
            await page.arrives("document.querySelector('[data-field=refund]')?.value === '20'")
            assert await page.fits()
            await looked_at(page, "case_phone")
            await page.value("location.hash = ''")
            await page.arrives(f"{ROWS} === 3")
            assert await page.fits()
            await looked_at(page, "cases_phone")


async def test_what_somebody_else_has_changed_meanwhile_is_not_overwritten(deployment, tmp_path):
    async with (
        browsing(deployment, tmp_path) as (browser, api),
        browser.page(f"{api.address}/cases/#C-2026-000002", width=1280, height=900) as page,
    ):
        await page.arrives("document.querySelector('[data-field=refund]')?.value === '1.5'")
        other = {"status": "answered", "fields": {"urgent": "true", "refund": "25"}}
        assert (await api.call("PATCH", "/api/cases/C-2026-000002", other, **{"If-Match": '"1"'}))[0] == 200
        await write(page, "refund", "30")
        await save(page)
        await page.arrives("document.querySelector('#said .wrong')?.textContent.includes('Somebody has changed this case')")
        await looked_at(page, "case_conflict")
        assert await page.value("document.querySelector('[data-field=urgent]').value") == "true"
        assert await page.value("document.querySelector('[data-field=refund]').value") == "30"
        assert (await api.call("GET", "/api/cases/C-2026-000002"))[1]["fields"]["refund"] == "25"
        await save(page)
        await page.arrives("[...document.querySelectorAll('.history ins')].some((now) => now.textContent === '30')")
        case = (await api.call("GET", "/api/cases/C-2026-000002"))[1]
        assert (case["status"], case["fields"]["refund"], case["fields"]["urgent"]) == ("answered", "30", "true")


async def test_a_case_is_opened_by_hand(deployment, tmp_path):
    async with (
        browsing(deployment, tmp_path) as (browser, api),
        browser.page(f"{api.address}/cases/#new", width=1280, height=900) as page,
    ):
        await page.arrives("document.querySelector('[data-field=title]')")
        await write(page, "title", "By hand")
        await looked_at(page, "case_new")
        await save(page)
        await page.arrives("location.hash === '#C-2026-000004' && document.querySelector('[data-field=title]')?.value === 'By hand'")


def test_the_page_needs_nothing_from_elsewhere_and_never_makes_markup_of_text():
    for file in PAGE.iterdir():
        text = file.read_text("utf-8").replace("https://…", "")
        assert "://" not in text, file.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|style=|onclick=\"", text), file.name
