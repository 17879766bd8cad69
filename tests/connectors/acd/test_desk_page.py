"""The desk and the wallboard in a real browser."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from connectors.acd.floor.agent import Agent
from connectors.acd.floor.contact import Contact, QueueEntry
from connectors.acd.floor.floor import Floor
from connectors.acd.office import mount
from connectors.acd.settings import AcdSettings
from schemas.deployment import Deployment
from tests.connectors.office.office_bench import PASSWORD, serving_office, staff
from tests.smart_routing.browser import running_browser

NASTY = '<script>window.pwned = 1</script><img src=x onerror="window.pwned = 1">\u202etxt</p></li></ul>{{ 7 * 7 }}'
BUTTONS = "[...document.querySelectorAll('button')].filter((button) => button.offsetParent)"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium(tmp_path_factory):
    """One browser for all: it takes its time to start."""
    async with running_browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def browser(chromium):
    """The browser, which has nothing to complain about yet."""
    chromium.complaints.clear()
    return chromium


@asynccontextmanager
async def desks(url):
    """A floor with anna, and an office around it."""
    deployment = Deployment(redis_url=url)
    async with Redis.from_url(url) as redis:
        floor = Floor(redis, deployment, AcdSettings())
        await floor.renew_roster([Agent("anna", "Anna", queues=("support", "late_shift"), capacity=3)], {"support": "Customer care"})
        people = staff(anna=["agent", "supervisor"])
        async with serving_office(deployment, [mount], **people) as client:
            yield floor, client().address


@asynccontextmanager
async def signed_in(browser, address, at, **window):
    """A page of somebody who came in by the sign-in's form."""
    async with browser.page(f"{address}{at}", **window) as page:
        # Complete: its script is at work.
        await until_there(page, "/office/sign-in/", "document.readyState === 'complete'")
        await page.value("document.querySelector('input:not([type=password])').focus()")
        await page.call("Input.insertText", text="anna")
        await page.value("document.querySelector('input[type=password]').focus()")
        await page.call("Input.insertText", text=PASSWORD)
        await page.click("document.querySelector('form button')")
        await until_there(page, at)
        yield page


async def until_there(page, path, condition="document.querySelector('#office nav') !== null"):
    """Wait until the browser has come to a page; what is asked of the one that it leaves is not answered."""
    async with asyncio.timeout(60):
        while True:
            try:
                if await page.value(f"location.pathname === '{path}' && {condition}"):
                    return
            except AssertionError:
                continue
            await asyncio.sleep(0.05)


async def call(floor, contact, *, name="Ada", message="hello"):
    customer = {"name": name, "locale": "en-GB", "message": message}
    await floor.distribute_to_queue(
        Contact(contact, f"of {contact}", "web_chat", "demo", customer), [QueueEntry("support")], group=None, prioritize=False
    )


async def texts(page):
    return await page.value("[...document.querySelectorAll('.message .bubble')].map((bubble) => bubble.innerText)")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
async def test_an_agent_accepts_converses_and_ends(redis_server, browser, width, height):
    async with (
        desks(redis_server.url) as (floor, address),
        signed_in(browser, address, "/desk/", width=width, height=height, touch=width < 500) as page,
    ):
        await page.until("document.getElementById('my-name').textContent === 'Anna'")
        await page.click("document.querySelector('[data-presence=available]')")
        await page.until("document.querySelector('[data-presence=available]').getAttribute('aria-pressed') === 'true'")
        await call(floor, "c-1:2:1", message="Where is my parcel?")
        await page.until("document.querySelector('.offer .said')?.textContent === 'Where is my parcel?'")
        assert (await page.value("document.querySelector('.offer > .meta').textContent")).startswith("Customer care · ")
        queues = await page.value("[...document.querySelectorAll('#queues li')].map((queue) => queue.textContent)")
        assert queues == ["Customer care: 1 waiting", "late shift: 0 waiting"]
        await page.until("/^[12][0-9] s left$/.test(document.querySelector('.offer .left').textContent)")
        assert await page.value("document.title") == "(1) Desk"
        await page.click("document.querySelector('.offer .accept')")
        await page.until("document.activeElement.id === 'text' && document.querySelectorAll('.message').length === 1")
        await page.write("Let me look.")
        await floor.relay("c-1:2:1", "m1", {"text": "Thanks", "media": [], "choice": None})
        await page.until("document.querySelectorAll('.message').length === 3 && !document.querySelector('.sending')")
        assert sorted(await texts(page)) == ["Let me look.", "Thanks", "Where is my parcel?"]
        await page.click("document.getElementById('end')")
        await page.until("document.getElementById('ending').open")
        await page.click("document.querySelector('#ending [data-how=done]')")
        await page.until("document.querySelector('#recent .meta')?.textContent === 'Done'")
        assert (await floor.desk("anna"))["recent"][0]["outcome"] == "processed"
        assert browser.complaints == []


async def test_the_keyboard_is_enough(redis_server, browser):
    async with (
        desks(redis_server.url) as (floor, address),
        signed_in(browser, address, "/desk/", width=1280, height=800) as page,
    ):
        await page.until("document.getElementById('my-name').textContent === 'Anna'")

        async def tab_to(element):
            for _ in range(40):
                if await page.value(f"document.activeElement === {element}"):
                    return
                await page.press("Tab", 9)
            raise AssertionError(f"no way by Tab to {element}")

        async def enter():
            for kind in ("rawKeyDown", "char", "keyUp"):
                await page.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13)

        await tab_to("document.querySelector('[data-presence=available]')")
        await enter()
        await page.until("document.querySelector('[data-presence=available]').getAttribute('aria-pressed') === 'true'")
        await call(floor, "c1")
        await page.until("document.querySelector('.offer')")
        assert await page.value("document.getElementById('heard').textContent") == "New offer: Ada"
        await tab_to("document.querySelector('.accept')")
        await enter()
        await page.until("document.activeElement.id === 'text'")
        await page.write("Hello Ada")
        await page.until("document.querySelectorAll('.message.agent:not(.sending)').length === 1")
        await page.value("document.getElementById('office').querySelector('a').focus()")
        await tab_to("document.getElementById('end')")
        await enter()
        await page.until("document.getElementById('ending').open")
        await tab_to("document.querySelector('#ending [data-how=customer_left]')")
        await enter()
        await page.until("document.querySelector('#recent .meta')?.textContent === 'Ended: the customer left'")


async def test_what_a_customer_writes_is_text_and_nothing_else(redis_server, browser):
    async with (
        desks(redis_server.url) as (floor, address),
        signed_in(browser, address, "/desk/", width=1280, height=800) as page,
    ):
        await floor.set_presence("anna", "available")
        await call(floor, "c1", name=NASTY, message=NASTY)
        await page.until("document.querySelector('.offer')")
        assert await page.value("document.querySelector('.offer .who').textContent") == NASTY
        assert await page.value("document.querySelector('.offer .said').textContent") == NASTY
        await page.click("document.querySelector('.offer .accept')")
        media = [
            {"url": "javascript:window.pwned=1", "mime_type": "image/png", "name": NASTY},
            {"url": "https://example.org/a.png", "mime_type": "image/png", "name": None},
        ]
        await floor.relay("c1", "m1", {"text": NASTY, "media": media, "choice": NASTY})
        await page.until("document.activeElement.id === 'text' && document.querySelectorAll('.message').length === 2")
        assert await page.value("document.querySelectorAll('main script, main img, main iframe').length") == 0
        links = await page.value("[...document.querySelectorAll('#messages a')].map((link) => [link.href, link.rel, link.target])")
        assert links == [["https://example.org/a.png", "noopener noreferrer nofollow", "_blank"]]
        await page.write(NASTY)
        await page.until("document.querySelectorAll('.message.agent:not(.sending)').length === 1")
        assert await page.value("document.querySelector('.message.agent .bubble').textContent") == NASTY.strip()
        await floor.end("c1", "anna", "done")
        await call(floor, "c2", name=NASTY, message=NASTY)
        await page.call("Page.navigate", url=f"{address}/wallboard/")
        await until_there(page, "/wallboard/")
        await page.until("document.querySelector('#waiting .name')")
        assert await page.value("document.querySelector('#waiting .name').textContent") == NASTY
        assert await page.value("document.querySelectorAll('main script, main img').length") == 0
        assert await page.value("window.pwned ?? null") is None
        assert browser.complaints == []


async def test_an_offer_that_is_taken_back_goes_from_the_desk(redis_server, browser):
    async with (
        desks(redis_server.url) as (floor, address),
        signed_in(browser, address, "/desk/", width=1280, height=800) as page,
    ):
        await floor.set_presence("anna", "available")
        await call(floor, "c1")
        await call(floor, "c2")
        await call(floor, "c3")
        await page.until("document.querySelectorAll('.offer').length === 3")
        await floor.cancel("c1")
        await page.until("document.querySelectorAll('.offer').length === 2")
        assert await page.value("document.querySelector('#recent .meta').textContent") == "Taken back by the flow"
        await page.click("document.querySelector('.offer .turn-away')")
        await page.until("document.getElementById('turning-away').open")
        await page.click("document.querySelector('#turning-away [data-sure=yes]')")
        await page.until("document.querySelectorAll('.offer').length === 1")
        await page.click("document.querySelector('.offer .decline')")
        await page.until("document.querySelectorAll('.offer').length === 0")
        assert [contact["outcome"] for contact in (await floor.desk("anna"))["recent"]] == ["dissuasion_by_user", "cancelled"]


async def test_the_desk_comes_back_by_itself_and_knows_what_happened_meanwhile(redis_server, browser):
    async with (
        desks(redis_server.url) as (floor, address),
        signed_in(browser, address, "/desk/", width=1280, height=800) as page,
    ):
        await floor.set_presence("anna", "available")
        await call(floor, "c1")
        await page.until("document.querySelector('.offer')")
        await page.click("document.querySelector('.offer .accept')")
        await page.until("document.querySelectorAll('.message').length === 1")
        network = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        await page.call("Network.enable")
        await page.call("Network.emulateNetworkConditions", offline=True, **network)
        await page.value("document.getElementById('text').focus()")
        await page.write("sent without a connection")
        await page.until("document.querySelector('.message.sending')")
        await floor.relay("c1", "m1", {"text": "are you there?", "media": [], "choice": None})
        await asyncio.sleep(0.2)
        await page.call("Network.emulateNetworkConditions", offline=False, **network)
        await page.until("document.querySelectorAll('.message').length === 3 && !document.querySelector('.sending')")
        assert json.dumps(await texts(page)).count("sent without a connection") == 1


@pytest.mark.parametrize(("width", "height", "dark"), [(1280, 800, False), (390, 844, True)])
async def test_nothing_sticks_out_of_the_pages(redis_server, browser, width, height, dark):
    async with (
        desks(redis_server.url) as (floor, address),
        signed_in(browser, address, "/desk/", width=width, height=height, dark=dark) as page,
    ):
        await floor.set_presence("anna", "available")
        for number in range(6):
            await call(floor, f"c{number}", name="Maximiliane-Friederike von Hohenstein-Schwarzburg" * 2, message="word" * 100)
        await page.until("document.querySelectorAll('.offer').length === 3")
        await page.value("document.querySelector('.offer .accept').click()")
        await page.until("document.querySelector('.message')")
        for path in ("/desk/", "/wallboard/"):
            if path != "/desk/":
                await page.call("Page.navigate", url=f"{address}{path}")
                await until_there(page, path)
                await page.until("document.querySelectorAll('#waiting li').length === 5")
            assert await page.value("document.documentElement.scrollWidth") <= width
            small = await page.value(f"{BUTTONS}.filter((button) => button.getBoundingClientRect().height < 24).length")
            assert small == 0, "what is pressed by a finger is 24 px high at least (WCAG 2.2, 2.5.8)"


async def test_a_supervisor_ends_a_wait(redis_server, browser):
    async with (
        desks(redis_server.url) as (floor, address),
        signed_in(browser, address, "/wallboard/", width=1280, height=800) as page,
    ):
        await floor.set_presence("anna", "away")
        await call(floor, "c1")
        await page.until("document.querySelector('#waiting .name')?.textContent === 'Ada'")
        support = "[...document.querySelectorAll('#queues tbody tr')].find((row) => row.cells[0].textContent === 'Customer care').cells[1]"
        assert await page.value(f"{support}.textContent") == "1"
        assert "Customer care" in await page.value("document.querySelector('#waiting .faint').textContent")
        await page.click("document.querySelector('#waiting button')")
        await page.until("document.getElementById('closing').open")
        await page.click("document.querySelector('#closing [data-how=dissuasion]')")
        await page.until("!document.querySelector('#waiting .name')")
        assert await page.value(f"{support}.textContent") == "0"
