"""The payment page: what it shows, and what bad people try on it."""

import pytest
from aiohttp import ClientSession, web

from connectors.billing import public
from connectors.framework.links import Links
from schemas.deployment import Deployment
from smart_routing.free_port import free_port
from tests.connectors.billing.billing_bench import OPEN, billing, context, of_amount, of_invoice, settings_with
from tests.connectors.billing.stripe_server import stripe_server
from tests.connectors.command_bench import around
from tests.smart_routing.browser import running_browser


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path / 'connectors.db'}"


async def status(bench, method, link, **more):
    async with bench.http.request(method, f"{link}/payment", **more) as response:
        return response.status


async def test_a_link_that_was_guessed_or_altered_leads_nowhere(sqlite_url):
    async with billing(sqlite_url) as bench:
        link = await bench.begin(of_invoice())
        base, _, token = link.rpartition("/")
        code = (await bench.payment()).code
        links = Links(bench.surroundings)
        guesses = [
            f"{base}/{code}", f"{base}/1", f"{base}/c1-1-1", f"{base}/{token[:-1]}", f"{base}/{token}x", f"{base}/{token.swapcase()}",
            f"{base}/{links.token('survey', code)}",  # of another purpose
            f"{base}/{links.token('pay', 'a code that no payment has')}",
        ]  # fmt: skip
        for guess in guesses:
            assert await status(bench, "GET", guess) == 404, guess
            assert await status(bench, "POST", guess, json={"act": "pay", "card": "paid", "tries": 0}) == 404, guess
        async with bench.http.get(guesses[0]) as response:
            assert response.status == 404
        assert (await bench.page(link))["state"] == "open"


async def test_looking_at_a_page_does_nothing(sqlite_url):
    async with billing(sqlite_url) as bench:
        link = await bench.begin(of_invoice())
        for method in ("GET", "HEAD"):
            for address in (link, f"{link}/payment"):
                async with bench.http.request(method, address) as response:
                    assert response.status == 200
        assert (await bench.page(link))["state"] == "open"
        assert await bench.told() == []


async def test_the_page_lets_nobody_in(sqlite_url):
    async with billing(sqlite_url) as bench:
        link = await bench.begin(of_invoice())
        async with bench.http.get(link) as response:
            headers = response.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert (headers["Referrer-Policy"], headers["X-Robots-Tag"], headers["Cache-Control"]) == ("no-referrer", "noindex", "no-store")


async def test_another_site_cannot_pay_or_stop(sqlite_url):
    requests = [
        ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403), ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403), ({"Origin": "http://["}, 403), ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415), ({"Sec-Fetch-Site": "same-origin"}, 200), ({}, 200),
    ]  # fmt: skip
    async with billing(sqlite_url) as bench:
        for number, (headers, expected) in enumerate(requests):
            link = await bench.begin(of_invoice(), context(f"c1-1-{number}"))
            sent = {"Content-Type": "application/json", **headers}
            assert await status(bench, "POST", link, data=b'{"act": "stop", "tries": 0}', headers=sent) == expected, headers
            assert (await bench.page(link))["state"] == ("ended" if expected == 200 else "open"), headers


async def test_a_request_that_is_none_is_refused(sqlite_url):
    requests = [
        (b"", 400), (b"[]", 400), (b"{}", 400), (b'{"act": "refund", "tries": 0}', 400), (b'{"act": "pay", "tries": 0}', 400),
        (b'{"act": "pay", "card": "4242", "tries": 0}', 400), (b'{"act": "pay", "card": "paid", "tries": -1}', 400),
        (b'{"act": "pay", "card": "paid", "tries": 0, "amount": "0.01"}', 400), (b"x" * 5_000, 413),
    ]  # fmt: skip
    async with billing(sqlite_url) as bench:
        link = await bench.begin(of_invoice())
        for body, expected in requests:
            assert await status(bench, "POST", link, data=body, headers={"Content-Type": "application/json"}) == expected, body
        assert (await bench.page(link))["state"] == "open"


async def test_while_the_store_is_away_the_page_comes_and_says_so_itself():
    port = free_port()
    surroundings = around(Deployment(), settings_with(port), SMART_ROUTING_SQL_URL="postgresql://nobody@127.0.0.1:9/nothing")
    application = web.Application()
    public.mount(application, surroundings)
    runner = web.AppRunner(application)
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        async with ClientSession() as http:
            link = Links(surroundings).url("pay", "/pay", "a code")
            for address, expected in ((link, (200, "text/html")), (f"{link}/payment", (503, "application/json"))):
                async with http.get(address) as response:
                    assert (response.status, response.content_type) == expected
    finally:
        await runner.cleanup()


async def test_a_page_says_nothing_of_the_customer(sqlite_url):
    async with billing(sqlite_url) as bench:
        link = await bench.begin(of_invoice())
        shown = str(await bench.page(link))
        assert not any(OPEN[field] in shown for field in ("name", "email", "mobile_phone", "landline_phone", "customer_number"))


async def test_a_customer_pays_on_a_phone(sqlite_url, tmp_path):
    async with (
        billing(sqlite_url, SMART_ROUTING_BILLING_MERCHANT="Heron Electric") as bench,
        running_browser(tmp_path / "profile") as browser,
    ):
        evil = "<img src=x onerror=\"document.title='stolen'\">"
        link = await bench.begin(
            of_amount("87.40", invoice_name=f"Electricity {evil}", invoice_reference="20260117", comment=evil, locale="en-IE")
        )
        async with browser.page(link, width=390, height=844, touch=True) as page:
            await page.until("document.querySelector('#pay')")
            assert await page.fits(), "nothing is wider than the phone"
            assert await page.value("document.querySelectorAll('img').length") == 0
            assert "no money moves" in await page.value("document.querySelector('.notice').textContent")
            assert await page.value("document.querySelectorAll('input:not([type=radio])').length") == 0, "no card details are asked for"
            said = await page.value("document.querySelector('dl').textContent")
            assert said == f"ToHeron ElectricForElectricity {evil}Invoice20260117Note{evil}"
            await page.picture(tmp_path / "phone.png")
            await page.value("document.querySelector('#pay').click(), document.querySelector('#pay').click()")
            await page.until("document.querySelector('#result')?.textContent.startsWith('Paid.')")
            await page.picture(tmp_path / "phone-paid.png")
            assert await page.value("document.title") == "€87.40 – Heron Electric"
        assert len(await bench.told()) == 1
        await bench.put({**OPEN, "id": "2", "number": "2"})
        link = await bench.begin(of_invoice("2", locale="de-DE"), context("c1-1-2"))
        async with browser.page(link, width=1280, height=900, dark=True) as page:
            await page.until("document.querySelector('#pay')?.textContent.includes('87,40') && document.documentElement.lang === 'de'")
            await page.picture(tmp_path / "desktop-dark.png")
            await page.value("document.querySelector('[value=declined]').click()")
            await page.value("document.querySelector('#pay').click()")
            await page.until("document.querySelector('#result')?.textContent.includes('abgelehnt')")
            await page.picture(tmp_path / "desktop-declined.png")
        async with browser.page(f"{link}x", width=390, height=500) as page:
            await page.until("document.querySelector('h1')?.textContent.includes('nowhere')")
            await page.picture(tmp_path / "unknown.png")
        assert [complaint for complaint in browser.complaints if "404" not in complaint] == []


async def test_back_from_the_provider_nobody_is_asked_to_pay_again(sqlite_url, tmp_path):
    async with (
        stripe_server() as server,
        billing(sqlite_url, modules={"shop": server.module()}) as bench,
        running_browser(tmp_path / "profile") as browser,
    ):
        server.webhook = f"{bench.address}/webhooks/stripe/shop"
        link = await bench.begin(of_invoice())
        async with browser.page(link, width=390, height=844) as page:
            await page.until("document.querySelector('#pay')")
            assert await page.value("document.querySelectorAll('input').length") == 0
            await page.picture(tmp_path / "elsewhere.png")
        async with browser.page(f"{link}?done=1", width=390, height=844) as page:
            await page.until("document.querySelector('.sign.wait')")
            assert await page.value("document.querySelector('#pay')") is None
            # A look that fails, as in a tunnel, is no reason to stop looking.
            await page.value(
                "(() => { const real = window.fetch; window.fetch = () => { window.fetch = real; window.failed = true;"
                " return Promise.reject(new TypeError('no connection')); }; })()"
            )
            await page.arrives("window.failed")
            await server.pay(server.session)
            await page.until("document.querySelector('#result')?.textContent.startsWith('Paid.')")
