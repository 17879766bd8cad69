"""The page of records in a real browser: rows of databases, and cards."""

import os
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from connectors.crm import office as crm_office
from connectors.databases import office as databases_office
from tests.connectors.crm.card_bench import ANN, BOB, DEFINITIONS, cards
from tests.connectors.databases.row_bench import ORDERS, rows
from tests.connectors.office.office_bench import PASSWORD, serving_office, staff
from tests.connectors.record_bench import published
from tests.smart_routing.browser import running_browser

SCRIPT = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
STAFF = staff(dora=["databases", "crm"])


@pytest.fixture
def deployment(kafka, redis_server):
    yield from published(kafka, "crm", {"orders": ORDERS, **DEFINITIONS}, redis_server.url)


@pytest.fixture
def sql_url(tmp_path):
    return f"sqlite:///{tmp_path / 'connectors.db'}"


@asynccontextmanager
async def signed_in(browser, address, path, *, width=1280, height=800, dark=False, touch=False):
    async with browser.page(f"{address}{path}", width=width, height=height, dark=dark, touch=touch) as page:
        await page.arrives(
            "document.readyState === 'complete' && (document.querySelector('input[type=password]') || document.querySelector('table'))"
        )
        if await page.value("document.querySelector('input[type=password]') !== null"):
            await page.value(
                f"""(() => {{ const [name, password] = document.querySelectorAll('form input');
                name.value = 'dora'; password.value = '{PASSWORD}'; document.querySelector('form').requestSubmit(); }})()"""
            )
        await page.arrives("document.querySelector('table') !== null")
        await page.until("document.querySelector('#count').textContent !== ''")
        yield page


async def seen(page, name):
    """Keep a picture where somebody wants to look at it."""
    if folder := os.environ.get("SMART_ROUTING_TEST_PICTURES"):
        await page.picture(Path(folder) / f"{name}.png")


FILL = """((values) => { for (const [name, value] of Object.entries(values)) {
    document.querySelector(`dialog [name="${name}"]`).value = value; } document.querySelector('dialog form').requestSubmit(); })"""


async def test_rows_are_seen_added_changed_searched_and_deleted(deployment, sql_url, tmp_path):
    async with rows(deployment, sql_url) as flow:
        for number in range(60):
            status = ("open", "shipped", "held")[number % 3]
            await flow.insert(number=str(58200 + number), status=status, email=f"sam{number}@example.com", city="Lyon", note="x " * 150)
        await flow.insert(number="1", status="held", city=SCRIPT, sent_at="2026-03-01T10:00:00+01:00", gift="true")
        async with (
            serving_office(deployment, [databases_office.mount, crm_office.mount], SMART_ROUTING_SQL_URL=sql_url, **STAFF) as client,
            running_browser(tmp_path / "profile") as browser,
        ):
            address = client().address
            async with signed_in(browser, address, "/databases/") as page:
                assert await page.value("document.querySelector('#count').textContent") == "61 rows"
                await page.until("document.querySelectorAll('tbody tr').length === 50")
                await seen(page, "databases-desktop")
                await page.value("document.querySelector('button.more').click()")
                await page.until("document.querySelectorAll('tbody tr').length === 61")
                assert await page.value("document.title") == "Databases"
                assert await page.value("document.querySelector('tbody tr').textContent.includes('<script>')")
                await page.value(
                    "(() => { const s = document.querySelector('#search'); s.value = 'sam7@'; s.dispatchEvent(new Event('input')); })()"
                )
                await page.until("document.querySelectorAll('tbody tr').length === 1")
                await page.value("document.querySelector('tbody tr').click()")
                await page.until("document.querySelector('dialog[open]') !== null")
                await seen(page, "databases-dialog")
                await page.value(f"{FILL}({{status: 'held', phone: '{ANN}'}})")
                await page.until("document.querySelector('dialog') === null && document.querySelector('tbody .tag').textContent === 'held'")
                assert await flow.read(("number", "58207"), columns=("status", "phone")) == ("held", ANN)
                await page.value("document.querySelector('#new').click()")
                await page.until("document.querySelector('dialog[open]') !== null")
                await page.value(f"{FILL}({{number: 'many', status: 'open'}})")
                await page.until("!document.querySelector('dialog .wrong').hidden")
                assert "expected a number" in await page.value("document.querySelector('dialog .wrong').textContent")
                await page.value(f"{FILL}({{number: '99', status: 'open', sent_at: '2026-03-01T10:00'}})")
                await page.until("document.querySelector('dialog') === null")
                assert await flow.read(("number", "99")) == ("99",)
                await page.value(
                    "(() => { const s = document.querySelector('#search'); s.value = 'Lyon'; s.dispatchEvent(new Event('input')); })()"
                )
                await page.until("document.querySelectorAll('tbody tr').length === 50")
                await page.value("document.querySelector('tbody tr').click()")
                await page.until("document.querySelector('dialog[open]') !== null")
                for _ in range(2):
                    await page.value("document.querySelector('dialog .danger').click()")
                await page.until("document.querySelector('dialog') === null && document.querySelector('#count').textContent === '61 rows'")
                assert await flow.read(("number", "58259")) == ("not_found", None)
                assert await page.value("document.title") == "Databases"
            async with signed_in(browser, address, "/databases/", width=390, height=800, dark=True, touch=True) as page:
                await page.until("document.querySelectorAll('tbody tr').length === 50")
                await seen(page, "databases-phone-dark")
                assert await page.value("document.documentElement.scrollWidth <= 390")
            # No picture was asked for, and no script was refused: nothing of the text became an element.
            assert [said for said in browser.complaints if "422" not in said and "401" not in said] == []


async def test_cards_are_seen_with_their_interactions(deployment, sql_url, tmp_path):
    async with cards(deployment, sql_url) as flow:
        await flow.create(phone=ANN, name=SCRIPT, bill="1450.5", car="true", level="gold", asked_on="2026-11-03", associate=True)
        await flow.create_v2(phone=BOB, name="Bob")
        async with (
            serving_office(deployment, [databases_office.mount, crm_office.mount], SMART_ROUTING_SQL_URL=sql_url, **STAFF) as client,
            running_browser(tmp_path / "profile") as browser,
        ):
            address = client().address
            async with signed_in(browser, address, "/crm/") as page:
                assert await page.value("document.querySelector('#count').textContent") == "1 card"
                await page.until("document.querySelector('tbody tr') !== null")
                await page.value("document.querySelector('tbody tr').click()")
                await page.until("document.querySelector('dialog[open]') !== null")
                assert "c1-1" in await page.value("document.querySelector('dialog').innerText")
                await seen(page, "crm-dialog")
                await page.value("document.querySelector('dialog .push').click()")
                names = await page.value("[...document.querySelectorAll('#collection option')].map((option) => option.textContent)")
                assert names == ["Contacts", "members", "partners", "sales: lead", "sales: company"]
                await page.value("document.querySelector('#collection').selectedIndex = 3")
                await page.value("document.querySelector('#collection').dispatchEvent(new Event('change'))")
                await page.until("document.querySelector('tbody')?.textContent.includes('Bob')")
                assert await page.value("document.title") == "Cards"
            async with signed_in(browser, address, "/crm/", width=390, height=800, touch=True) as page:
                await page.value("document.querySelector('#new').click()")
                await page.until("document.querySelector('dialog[open]') !== null")
                await seen(page, "crm-phone-dialog")
                assert await page.value("document.documentElement.scrollWidth <= 390")
            assert [said for said in browser.complaints if "401" not in said] == []
