import asyncio
import os
import signal
import socket
import subprocess
import sys

import pytest
from aiohttp import ClientSession

from tests.console.journal import events
from tests.smart_routing.browser import running_browser
from tests.smart_routing.running_demo import Customer, running_demo

DESKTOP = {"width": 1400, "height": 900}
PHONE = {"width": 390, "height": 844, "touch": True}
WHERE, CHANGE, TALK, DONE = "Where is my parcel?", "Change the delivery", "Talk to somebody", "That is all, thank you"
ASKED = ["What is your order number?", "Its six digits are in the e-mail that confirms the order."]


@pytest.fixture
async def http(demo):
    async with ClientSession(demo.address) as session:
        yield session


@pytest.fixture
async def browser(tmp_path):
    async with running_browser(tmp_path / "profile") as running:
        yield running
        assert running.complaints == []


async def hear(customer, count):
    return [await customer.hears() for _ in range(count)]


async def journal_of(http, customer, until):
    """Return the lines of a conversation's journal up to one."""
    lines = []
    async with asyncio.timeout(30):
        async for _, _, line in events(http, f"/console/conversations/{await customer.conversation()}/events"):
            lines.append(line)
            if until(line):
                return lines
    raise AssertionError("the stream of lines ended")


async def test_a_whole_conversation_comes_to_its_end_in_the_second_flow(http):
    customer = Customer(http, "whole")
    await customer.says("Good morning")
    assert await hear(customer, 3) == ["Hello, this is Copper Kettle. I can help you with an order.", *ASKED]
    await customer.says("the pan")
    assert await hear(customer, 2) == ["That is not a number, I am afraid.", ASKED[1]]
    await customer.says("100246")
    assert await customer.hears() == "Thank you, let me look that up."
    assert await customer.hears() == "About your cast-iron pan: what can I do for you?"
    assert list(customer.choices) == [WHERE, CHANGE, TALK, DONE]
    await customer.chooses(CHANGE)
    assert await customer.hears() == "On which day shall we bring it?"
    assert (await customer.hears()).startswith("A date will do, such as ")
    await customer.says("24 December 2099")
    assert await customer.hears() == "Done. We bring it on Thursday 24 December."
    await customer.hears()
    await customer.chooses(WHERE)
    assert await customer.hears() == "We are packing it. It should be with you on Thursday 24 December."
    await customer.hears()
    await customer.chooses(DONE)
    assert await customer.hears() == "One last question. Are you happy with this chat?"  # drawn for this address
    await customer.says("yes")
    assert await hear(customer, 2) == ["Thank you!", "This chat is closed. Write again whenever you like."]

    lines = await journal_of(http, customer, lambda line: line["ended"])
    steps = [step for line in lines for step in line["steps"]]
    assert lines[-1]["ended"] == "completed"
    assert lines[0]["opened"]
    assert [step["step"] for step in steps] == list(range(1, len(steps) + 1))
    assert list(dict.fromkeys(step["flow"] for step in steps)) == ["order_help", "aftercare", "farewell"]
    taken = {(step["action"], step["branch"]) for step in steps}
    assert {
        ("ask_number", "ok"),
        ("breathe", "ok"),
        ("find_order", "ok"),
        ("offer", "link_2"),
        ("is_ahead", "yes"),
        ("tell_warehouse", "ok"),
    } <= taken
    [handed_over] = [step["handed_over_to"] for step in steps if step["handed_over_to"]]
    assert handed_over == {"flow": "aftercare", "flow_version": 1}
    assert {"variable": "order", "field": "arrives_on", "value": "2099-12-24"} in [write for step in steps for write in step["writes"]]


async def test_an_order_that_does_not_exist_is_asked_for_again(http):
    customer = Customer(http, "lost")
    await customer.says("Hello")
    await hear(customer, 3)
    await customer.says("7")
    assert await hear(customer, 4) == ["Thank you, let me look that up.", "I cannot find an order 7.", *ASKED]
    lines = await journal_of(http, customer, lambda line: any(step["action"] == "tries" for step in line["steps"]))
    [answered] = [step for line in lines for step in line["steps"] if step["action"] == "find_order" and step["branch"]]
    assert (answered["branch"], answered["reason"], answered["writes"]) == ("not_ok", "status", [])


async def test_the_flows_are_listed_and_drawn(http):
    flows = await (await http.get("/console/flows")).json()
    flows = {flow["ref"]: flow for flow in flows}
    assert {"aftercare", "farewell", "order_help"} < set(flows)
    drawing = await (await http.get("/console/flows/order_help/1.svg")).text()
    for action in flows["order_help"]["actions"]:
        assert f'data-action="{action}"' in drawing


async def test_every_example_answers_on_an_account_of_its_own(http):
    listed = await (await http.get("/demo/examples")).json()
    assert len(listed) == 7
    for example in listed:
        customer = Customer(http, "first", example["account"])
        await customer.says("Hello")
        assert await customer.hears()
        lines = await journal_of(http, customer, lambda line: line["steps"])
        assert lines[0]["steps"][0]["flow"] == example["flows"][0] == example["folder"]


async def test_the_page_takes_nothing_from_elsewhere(http):
    page = await http.get("/")
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    for path in ("/", "/demo/demo.js", "/demo/demo.css", "/demo/icon.svg", "/page/chat.js", "/page/chat.css"):
        text = (await (await http.get(path)).text()).replace("http://www.w3.org/", "")
        assert "//" not in "".join(line for line in text.splitlines() if "http" in line), path
    assert (await http.get("/demo/secrets.txt")).status == 404


async def converse(page, text):
    """Hold a conversation by mouse and keyboard up to the day of the delivery; what the customer writes is shown as it is."""
    await page.until("document.querySelector('.drawing-view svg .action')")
    await page.until("document.activeElement?.className === 'chat-input'")
    await page.write(text)
    await page.until("document.querySelectorAll('.chat-flow').length === 3")
    await page.write("100246")
    await page.until("document.querySelector('.chat-choice:enabled')")
    await page.click(f"[...document.querySelectorAll('.chat-choice:enabled')].find((button) => button.textContent === '{CHANGE}')")
    await page.until("document.querySelector('.action.current')?.dataset.action === 'ask_day'")


async def lit(page, kind):
    """Return what is lit: actions by their id, links by action and branch."""
    named = "[group.dataset.action, group.dataset.branch].filter(Boolean).join(' ')"
    return set(await page.value(f"[...document.querySelectorAll('g.{kind}')].map((group) => {named})"))


async def in_view(page, element):
    """Tell whether an element is within the window."""
    return await page.value(
        f"(() => {{ const box = ({element}).getBoundingClientRect(); "
        "return box.width > 0 && box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight; })()"
    )


async def test_steps_light_up_beside_the_chat(browser, demo):
    async with browser.page(demo.address, **DESKTOP) as page:
        await converse(page, "<img src=x onerror=alert(1)>")
        assert await page.value("document.querySelector('.chat-customer .chat-text').lastChild.data") == "<img src=x onerror=alert(1)>"
        assert await page.value("document.querySelectorAll('.chat img, .console img').length") == 0
        way = "start greeting ask_number let_me_look breathe find_order order_found menu offer can_change ask_day"
        assert await lit(page, "action.taken") == set(way.split())
        assert {"start ok", "ask_number ok", "find_order ok", "offer link_2", "can_change yes"} <= await lit(page, "link.taken")
        journal = await page.value("document.querySelector('.journal-lines').innerText")
        assert "Customer: “<img src=x onerror=alert(1)>”" in journal
        assert "order.number = 100246" in journal
        for part in (".chat-input", ".journal-scroll", ".drawing-view"):
            assert await in_view(page, f"document.querySelector('{part}')"), part
        assert await page.fits()
        current, view = (f"document.querySelector('{one}').getBoundingClientRect()" for one in (".action.current", ".drawing-view"))
        await page.until(f"{current}.top >= {view}.top && {current}.bottom <= {view}.bottom")


async def test_the_drawing_follows_a_hand_over_and_starting_over_begins_anew(browser, demo):
    async with browser.page(demo.address, **DESKTOP, still=True) as page:
        await converse(page, "Hello")
        await page.write("1 May 2099")
        await page.until("document.querySelectorAll('.chat-choice:enabled').length === 4")
        await page.click(f"[...document.querySelectorAll('.chat-choice:enabled')].find((button) => button.textContent === '{DONE}')")
        await page.until("document.querySelector('.drawing-tab[aria-selected=true]')?.textContent === 'Aftercare'")
        await page.until("['start', 'halves'].every((id) => document.querySelector(`.drawing-view .action.taken[data-action=${id}]`))")
        await page.click("document.getElementById('start-over')")
        await page.until(
            "document.querySelectorAll('.chat-message').length === 0 && document.querySelectorAll('.drawing-view .taken').length === 0"
        )
        await page.until("document.querySelector('.drawing-tab[aria-selected=true]')?.textContent === 'Help with an order'")
        assert await page.value("document.querySelectorAll('.journal-line').length") == 0


async def test_another_example_is_chosen_in_the_page_and_by_its_address(browser, demo):
    async with browser.page(f"{demo.address}/#complaint", **DESKTOP, still=True) as page:
        await page.until("document.getElementById('examples')?.value === 'complaint'")
        await page.until("document.querySelector('.drawing-view svg .action')")
        shown = await page.value("[...document.querySelectorAll('.drawing-tab')].map((tab) => tab.textContent)")
        assert 0 < len(shown) < 6
        await page.value(
            "(() => { const one = document.getElementById('examples'); one.value = 'order_help'; "
            "one.dispatchEvent(new Event('change')); })()"
        )
        await page.until("document.querySelector('.drawing-tab[aria-selected=true]')?.textContent === 'Help with an order'")
        assert await page.value("location.hash") == "#order_help"
        await page.write("Hello")
        await page.until("document.querySelectorAll('.chat-flow').length === 3")


async def test_on_a_phone_the_chat_comes_first_and_the_flow_is_a_tab_away(browser, demo):
    async with browser.page(demo.address, **PHONE, dark=True, still=True) as page:
        await converse(page, "Hello")
        assert await in_view(page, "document.querySelector('.chat-input')")
        assert await page.value("document.querySelector('.drawing-view').getBoundingClientRect().width") == 0
        assert await page.value("document.getElementById('tab-flow').classList.contains('news')")
        await page.click("document.getElementById('tab-flow')")
        assert await page.value("document.querySelector('.chat').getBoundingClientRect().width") == 0
        await page.until("document.querySelector('.action.current')")
        assert "can_change" in await lit(page, "action.taken")
        assert await in_view(page, "document.querySelector('.drawing-view')")
        await page.press("ArrowRight", 39)
        assert await page.value("document.activeElement.id") == "tab-journal"
        assert "find_order" in await page.value("document.querySelector('.journal-lines').innerText")
        assert await page.fits()


async def test_the_console_shows_a_conversation_by_its_id(browser, demo, http):
    customer = Customer(http, "watched")
    await customer.says("Hello")
    await hear(customer, 3)
    async with browser.page(f"{demo.address}/console/#{await customer.conversation()}", **DESKTOP) as page:
        await page.until("document.querySelector('.drawing-view .action.current')?.dataset.action === 'ask_number'")
        assert await page.value("document.querySelectorAll('.journal-step').length") == 3
    async with browser.page(f"{demo.address}/console/", **PHONE) as page:
        await page.until("document.querySelector('#choose')")
        assert await page.fits()


async def test_ctrl_c_ends_everything_quietly_and_leaves_nothing_behind(tmp_path):
    with running_demo(tmp_path) as demo:
        async with ClientSession(demo.address) as http:
            customer = Customer(http, "interrupted")
            await customer.says("Hello")
            await hear(customer, 3)
            code, said = await asyncio.to_thread(demo.end, signal.SIGINT)
    assert (code, said) == (0, "")
    assert list(tmp_path.iterdir()) == []


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_port_in_use_is_told_in_a_sentence(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = run("-m", "smart_routing", "demo", "--port", str(port), TMPDIR=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"Error: Port {port} is in use: stop what listens there, or choose another with --port.\n"
    assert list(tmp_path.iterdir()) == []
