"""The staff's pages of texts and deliveries in a real browser."""

import os
import re
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from connectors.framework.context import Context
from connectors.framework.surroundings import Surroundings
from connectors.messaging import office as messaging_office
from connectors.sms import office as sms_office
from connectors.sms import outgoing
from connectors.sms_gateway.receipts import Receipts
from connectors.sql.database import opened
from schemas.deployment import Deployment
from tests.connectors.command_bench import QUICK
from tests.connectors.office.office_bench import PASSWORD, TOKEN, serving_office, staff
from tests.smart_routing.browser import running_browser

SCRIPT = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
STAFF = staff(sue=["supervisor"], carl=["cases"])
PAGES = (Path(sms_office.__file__).parent / "page", Path(messaging_office.__file__).parent / "deliveries")


@asynccontextmanager
async def serving(redis_server, sqlite_url):
    """The office with both pages; three texts, and receipts of three messages."""
    deployment = Deployment(redis_url=redis_server.url, conversation_key="a key of the tests, long enough")
    environment = {**STAFF, "SMART_ROUTING_SQL_URL": sqlite_url}
    async with opened(Surroundings(deployment, QUICK, environment), "sms") as database, database.writing() as connection:
        for number in range(3):
            body = {"template": "parcel_sent", "sender": "SHOP", "recipient": f"+3361234567{number}", "text": f"Parcel {number} {SCRIPT}"}
            context = Context(f"c{number}", "conversation", None, {"interaction_id": "i", "flow": "main"})
            await outgoing.ask(connection, body, context)
        await outgoing.tell(connection, "c0", "delivered", message_id="SM0", segments=2)
        await outgoing.tell(connection, "c1", "undelivered", message_id="SM1", reason="30006")
    async with Redis.from_url(redis_server.url) as redis:
        await Receipts(redis, "sr.sms:", 60).record("c1", "undelivered", "SM1", "30006")
        await Receipts(redis, "sr.whatsapp:", 60).record("c8", "read", "wamid.8")
        await Receipts(redis, "sr.whatsapp:", 60).record(SCRIPT, "failed", SCRIPT, "131026")
    async with serving_office(deployment, [sms_office.mount, messaging_office.mount], **environment) as client:
        yield client


async def looked_at(page, name):
    if folder := os.environ.get("SMART_ROUTING_TEST_PICTURES"):
        await page.picture(Path(folder) / f"{name}.png")


def rows(table):
    return f"document.querySelectorAll('.{table} tbody tr').length"


async def test_supervisors_see_texts_and_deliveries_and_scripts_in_them_stay_text(redis_server, sqlite_url, tmp_path):
    async with serving(redis_server, sqlite_url) as client, running_browser(tmp_path / "browser") as browser:
        address = client().address
        async with browser.page(f"{address}/sms/", width=1280, height=900) as page:
            await page.arrives("document.activeElement?.name === 'name'")
            await page.call("Input.insertText", text="sue")
            await page.value("document.querySelector('[name=password]').focus()")
            await page.call("Input.insertText", text=PASSWORD)
            await page.click("document.querySelector('#sign-in button')")
            await page.arrives(f"{rows('texts')} === 3")
            await looked_at(page, "sms_wide")
            await page.value("document.querySelector('[name=recipient]').focus()")
            await page.call("Input.insertText", text="+33612345671")
            await page.value("document.querySelector('form button').click()")
            await page.arrives(f"{rows('texts')} === 1")
            assert "code 30006" in await page.value("document.querySelector('.texts tbody').textContent")
            assert await page.value("document.querySelector('td.text').textContent") == f"Parcel 1 {SCRIPT}"
            await page.value("document.querySelector('[name=status]').value = 'delivered'")
            await page.value("document.querySelector('[name=status]').dispatchEvent(new Event('change'))")
            await page.arrives("[...document.querySelectorAll('main p')].some((line) => !line.hidden)")
            assert await page.value("document.title") == "Texts"
            assert await page.value("document.querySelectorAll('img, main script').length") == 0
        for dark, name in ((True, "dark"), (False, "light")):
            async with browser.page(f"{address}/sms/", width=390, height=844, dark=dark, touch=True) as page:
                await page.arrives(f"{rows('texts')} === 3")
                assert await page.fits()
                await looked_at(page, f"sms_phone_{name}")
        async with browser.page(f"{address}/deliveries/", width=1280, height=900, dark=True) as page:
            await page.arrives(f"{rows('deliveries')} === 3")
            await looked_at(page, "deliveries_wide")
            await page.value("document.querySelector('[name=command]').focus()")
            await page.call("Input.insertText", text=SCRIPT)
            await page.value("document.querySelector('form button').click()")
            await page.arrives(f"{rows('deliveries')} === 1")
            assert await page.value("document.title") == "Deliveries"
            assert await page.value("document.querySelectorAll('img, main script').length") == 0
        async with browser.page(f"{address}/deliveries/", width=390, height=844, touch=True) as page:
            await page.arrives(f"{rows('deliveries')} === 3")
            assert await page.fits()
            await looked_at(page, "deliveries_phone")
        assert [line for line in browser.complaints if "status of 401" not in line] == []


async def test_the_api_gives_pages_to_supervisors_only(redis_server, sqlite_url):
    async with serving(redis_server, sqlite_url) as client:
        program, carl, nobody = client(token=TOKEN), client(), client()
        await carl.sign_in("carl")
        for path in ("/api/sms", "/api/deliveries", "/api/deliveries/c1"):
            assert [(await one.call("GET", path))[0] for one in (program, carl, nobody)] == [200, 403, 401]
        status, first = await program.call("GET", "/api/sms?limit=2")
        assert (status, [text["command_id"] for text in first["texts"]]) == (200, ["c2", "c1"])
        _, second = await program.call("GET", f"/api/sms?limit=2&after={first['next']}")
        assert ([text["command_id"] for text in second["texts"]], second["next"]) == (["c0"], None)
        assert (await program.call("GET", "/api/sms?status='%20OR%201=1"))[1]["texts"] == []
        for wrong in ("/api/sms?after=x", "/api/sms?limit=0", "/api/sms?other=1", "/api/deliveries?limit=x"):
            assert (await program.call("GET", wrong))[0] == 400
        assert (await program.call("GET", "/api/deliveries/none"))[0] == 404


@pytest.mark.parametrize("folder", PAGES, ids=["sms", "deliveries"])
def test_the_pages_need_nothing_from_elsewhere_and_never_make_markup_of_text(folder):
    for file in folder.iterdir():
        text = file.read_text("utf-8")
        assert "://" not in text, file.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|style=|onclick=\"", text), file.name
