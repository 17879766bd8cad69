"""The demo's SMS gateway, and the page on which its texts are read."""

import json
from base64 import b64encode
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web

from schemas.deployment import Deployment
from smart_routing.demo_phone import DemoPhone
from tests.connectors.office.office_bench import PASSWORD, serving_office, staff
from tests.smart_routing.browser import running_browser

EVIL = "<img src=x onerror=\"document.title='stolen'\"> http://127.0.0.1:1/pay/x https://evil.example/ javascript:alert(1)"


@asynccontextmanager
async def served(phone):
    """The gateway; gives its Messages resource, and the header that it takes (RFC 7617)."""
    runner = web.AppRunner(phone.application())
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        account = json.loads(phone.settings("http://127.0.0.1"))["demo"]
        address = f"http://127.0.0.1:{runner.addresses[0][1]}/2010-04-01/Accounts/{account['account_sid']}/Messages.json"
        pair = f"{account['account_sid']}:{account['auth_token']}"
        yield address, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    finally:
        await runner.cleanup()


async def test_texts_are_read_as_text_and_only_the_demo_s_own_links_lead_anywhere(redis_server, tmp_path):
    phone = DemoPhone()
    async with (
        served(phone) as (messages, account),
        ClientSession() as http,
        serving_office(Deployment(redis_url=redis_server.url), [phone.mount], **staff(ann=["agent"])) as client,
        running_browser(tmp_path / "profile") as browser,
    ):
        text = {"From": "Demo", "To": "+353861234567", "Body": EVIL}
        for wrong in ({}, {"Authorization": "Basic QUNkZW1vOmd1ZXNzZWQ="}):
            async with http.post(messages, data=text, headers=wrong) as response:
                assert response.status == 401
        async with http.post(messages, data=text, headers=account) as response:
            assert response.status == 201
        async with browser.page(f"{client().address}/phone/", width=390, height=844, touch=True) as page:
            await page.arrives("document.activeElement?.name === 'name'")
            for field, value in (("name", "ann"), ("password", PASSWORD)):
                await page.value(f"document.querySelector('[name={field}]').value = {value!r}")
            await page.value("document.querySelector('#sign-in button').click()")
            await page.arrives("document.querySelector('.texts p')")
            assert await page.value("document.querySelector('.texts p').textContent") == EVIL
            assert await page.value("[...document.querySelectorAll('.texts a')].map((link) => link.href)") == ["http://127.0.0.1:1/pay/x"]
            assert await page.value("document.querySelectorAll('.texts img').length") == 0
            assert await page.fits(), "nothing is wider than the phone"
        assert browser.complaints == []
