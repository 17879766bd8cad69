"""The dialers' API and the staff's page, as they are served."""

import csv
import io
import json
import os
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.campaigns import listing
from connectors.campaigns import office as campaigns_office
from connectors.campaigns.connector import CampaignsConnector
from smart_routing.embedded import EmbeddedRedis
from tests.connectors.campaigns.conftest import context, field, insertion
from tests.connectors.command_bench import around
from tests.connectors.office.office_bench import PASSWORD, TOKEN, serving_office, staff
from tests.smart_routing.browser import running_browser

NOW = "2020-01-01T00:00:00+00:00"
WINTER = "/api/campaigns/sms/winter"
NOTE = "will come'); DELETE FROM campaigns_report; --"
EVIL = "<img src=x onerror=\"document.title='stolen'\"><script>document.title='stolen'</script>"


@asynccontextmanager
async def office(published, redis_server: EmbeddedRedis, sql_url):
    """The office, and a function that inserts targets as the connector does."""
    deployment = published.model_copy(update={"redis_url": redis_server.url})
    connector = CampaignsConnector(around(deployment, SMART_ROUTING_SQL_URL=sql_url))
    environment = {"SMART_ROUTING_SQL_URL": sql_url, **staff(ana=["campaigns"], cleo=["cases"])}
    try:
        await connector.open()

        async def insert(number, **changes):
            body = insertion(phone_number=f"+3361234{number:04}", **{"start_date": NOW, **changes})
            return (await connector.insert_target(body, context(number))).values.get("id")

        async with serving_office(deployment, [campaigns_office.mount], **environment) as client:
            yield client, insert
    finally:
        await connector.close()


@pytest.fixture
async def served(published, shared_redis, sql_url):
    async with office(published, shared_redis, sql_url) as made:
        yield made


@pytest.fixture
async def served_on_sqlite(published, shared_redis, sqlite_url):
    async with office(published, shared_redis, sqlite_url) as made:
        yield made


async def test_a_dialer_works_a_campaign_to_its_end(served):
    client, insert = served
    await insert(1, priority=2)
    await insert(2, priority=1, layout="lead", fields=[field("name", "Ada")])
    dialer = client(TOKEN)
    status, answer = await dialer.call("POST", f"{WINTER}/leases", {"limit": 5, "seconds": 60})
    assert status == 200
    first, second = answer["leases"]
    assert (first["target"]["phone_number"], first["target"]["fields"]) == ("+33612340002", {"name": "Ada"})
    assert await dialer.call("POST", f"{WINTER}/leases", {}) == (200, {"leases": []})
    status, told = await dialer.call("POST", f"/api/campaign_leases/{first['lease']}/report", {"result": "answered", "note": NOTE})
    assert (status, told["finished"]) == (200, True)
    assert (await dialer.call("POST", f"/api/campaign_leases/{second['lease']}/extension", {"seconds": 600}))[0] == 200
    assert await dialer.call("DELETE", f"/api/campaign_leases/{second['lease']}") == (200, {})
    status, lost = await dialer.call("POST", f"/api/campaign_leases/{second['lease']}/report", {"result": "done"})
    assert (status, lost["error"]) == (409, "lease_lost")
    status, winter = await dialer.call("GET", WINTER)
    assert {kind: number for kind, number in winter["counts"].items() if number} == {"due": 1, "answered": 1}
    status, history = await dialer.call("GET", f"{WINTER}/targets/{first['target']['id']}/reports")
    (only,) = history["reports"]
    assert (only["result"], only["note"], only["reported_by"]) == ("answered", NOTE, "dialer")


async def test_a_report_that_is_sent_again_after_the_time_that_it_names_is_answered_as_the_first(served):
    client, insert = served
    await insert(1)
    dialer = client(TOKEN)
    (given,) = (await dialer.call("POST", f"{WINTER}/leases", {}))[1]["leases"]
    told = {"result": "busy", "retry_at": int(time.time() * 1000) - 1_000}
    path = f"/api/campaign_leases/{given['lease']}/report"
    first = await dialer.call("POST", path, told)
    assert first == (200, {"id": given["target"]["id"], "result": "busy", "finished": False, "retry_at": told["retry_at"]})
    assert await dialer.call("POST", path, told) == first
    (again,) = (await dialer.call("POST", f"{WINTER}/leases", {}))[1]["leases"]  # its time is past: at once
    assert (again["target"]["id"], again["target"]["attempts"]) == (given["target"]["id"], 1)


async def test_a_closed_campaign_hands_nothing_out(served):
    client, insert = served
    await insert(1)
    ana = client()
    await ana.sign_in("ana")
    status, closed = await ana.call("PATCH", WINTER, {"closed": True})
    assert (status, closed["closed_by"]) == (200, "ana")
    status, refused = await client(TOKEN).call("POST", f"{WINTER}/leases", {})
    assert (status, refused["error"]) == (409, "closed")
    assert (await ana.call("PATCH", WINTER, {"closed": False}))[1]["closed_at"] is None
    assert len((await client(TOKEN).call("POST", f"{WINTER}/leases", {}))[1]["leases"]) == 1


async def test_campaigns_of_every_medium_are_listed_with_those_that_have_no_definition_any_more(served):
    client, insert = served
    await insert(1)
    status, answer = await client(TOKEN).call("GET", "/api/campaigns")
    assert status == 200
    listed = [(campaign["medium"], campaign["reference"], campaign["name"], campaign["in_service"]) for campaign in answer["campaigns"]]
    assert listed == [
        ("sms", "narrow", "", True),
        ("sms", "winter", "Winter by sms", True),
        ("voice", "winter", "Winter by voice", True),
        ("whatsapp", "winter", "Winter by whatsapp", True),
    ]
    assert [campaign["counts"]["due"] for campaign in answer["campaigns"]] == [0, 1, 0, 0]


async def test_targets_are_filtered_and_given_page_by_page(served):
    client, insert = served
    for number in range(7):
        await insert(number, start_date=NOW if number % 2 else "2999-01-01T00:00:00+00:00")
    await insert(9, layout="lead", fields=[field("name", "Zoë 100%")])
    dialer = client(TOKEN)
    pages: list[list[str]] = []
    after: str | None = ""
    while after is not None:
        status, page = await dialer.call("GET", f"{WINTER}/targets?limit=3&after={after}")
        assert status == 200
        pages.append([target["phone_number"][-1] for target in page["targets"]])
        after = page["next"]
    assert pages == [["0", "1", "2"], ["3", "4", "5"], ["6", "9"]]

    async def numbers(query):
        return [target["phone_number"][-1] for target in (await dialer.call("GET", f"{WINTER}/targets?{query}"))[1]["targets"]]

    assert await numbers("state=waiting") == ["0", "2", "4", "6"]
    assert await numbers("state=due") == ["1", "3", "5", "9"]
    assert await numbers("q=zo") == ["9"]
    assert await numbers("q=%25") == ["9"]
    assert await numbers("q=_") == []
    assert await numbers("q=%27%20OR%201%3D1%20--") == []
    assert await numbers("q=%2B33612340003") == ["3"]
    assert await numbers("result=answered&state=finished") == []


async def test_an_export_is_whole_and_runs_nothing_in_a_spreadsheet(served, monkeypatch):
    monkeypatch.setattr(listing, "_BATCH", 3)
    client, insert = served
    name = '=HYPERLINK("http://evil.example";"Zoë")'
    await insert(1, layout="lead", fields=[field("name", name), field("age", "-3", "number")])
    for number in range(2, 10):
        await insert(number)
    dialer = client(TOKEN)
    async with dialer.session.get(f"{WINTER}/targets.csv") as response:
        assert response.headers["Content-Disposition"] == 'attachment; filename="sms_winter.csv"'
        assert response.content_type == "text/csv"
        rows = list(csv.DictReader(io.StringIO((await response.read()).decode("utf-8-sig"), newline="")))
    assert [row["phone_number"][-1] for row in rows] == list("123456789")
    assert (rows[0]["phone_number"], rows[0]["field name"], rows[0]["field age"]) == ("+33612340001", f"'{name}", "-3")
    async with dialer.session.get(f"{WINTER}/targets.jsonl?q=zo") as response:
        (line,) = (await response.text()).splitlines()
    assert json.loads(line)["fields"] == {"name": name, "age": "-3"}


REFUSED: tuple[tuple[str, str, Any, int], ...] = (
    ("GET", "/api/campaigns/pigeon/winter", None, 404),
    ("GET", "/api/campaigns/sms/summer", None, 404),
    ("GET", "/api/campaigns/sms/a%00b", None, 404),
    ("GET", "/api/campaigns/sms/x'%20OR%201=1--", None, 404),
    ("POST", "/api/campaigns/sms/summer/leases", {}, 404),
    ("PATCH", "/api/campaigns/sms/summer", {"closed": True}, 404),
    ("GET", f"{WINTER}/targets/1/reports", None, 404),
    ("GET", f"{WINTER}/targets/99999999999999999999/reports", None, 404),
    ("GET", f"{WINTER}/targets?state=dead", None, 400),
    ("GET", f"{WINTER}/targets?limit=0", None, 400),
    ("GET", f"{WINTER}/targets?after=nonsense", None, 400),
    ("POST", f"{WINTER}/leases", {"limit": 101}, 400),
    ("POST", f"{WINTER}/leases", {"seconds": 4}, 400),
    ("POST", f"{WINTER}/leases", {"priority": 1}, 400),
    ("POST", "/api/campaign_leases/guessed/report", {"result": "done"}, 409),
    ("POST", "/api/campaign_leases/%27%20OR%20lease%20IS%20NULL--/extension", {"seconds": 60}, 404),
    ("POST", "/api/campaign_leases/a%00b/report", {"result": "done"}, 404),
    ("DELETE", "/api/campaign_leases/a%00b", None, 404),
    ("POST", "/api/campaign_leases/guessed/report", {"result": "sold"}, 400),
    ("POST", "/api/campaign_leases/guessed/report", {"result": "done", "note": "a\0b"}, 400),
    ("POST", "/api/campaign_leases/guessed/report", {"result": "answered", "retry_at": 4_102_444_800_000}, 422),
    ("POST", "/api/campaign_leases/guessed/report", {"result": "busy", "retry_at": 1_790_000_000}, 422),
    ("DELETE", "/api/campaign_leases/guessed", None, 409),
)


async def test_what_cannot_be_asked_is_refused(served):
    client, _ = served
    dialer = client(TOKEN)
    for method, path, body, status in REFUSED:
        assert (await dialer.call(method, path, body))[0] == status, path


async def test_campaigns_are_for_those_who_have_the_role_and_mean_it(served_on_sqlite):
    client, insert = served_on_sqlite
    await insert(1)
    assert (await client().call("GET", "/api/campaigns"))[0] == 401
    assert (await client("a guessed token").call("POST", f"{WINTER}/leases", {}))[0] == 401
    cleo, ana = client(), client()
    await cleo.sign_in("cleo")
    await ana.sign_in("ana")
    for path in ("/api/campaigns", WINTER, f"{WINTER}/targets", f"{WINTER}/targets.csv", f"{WINTER}/targets.jsonl"):
        assert (await cleo.call("GET", path))[0] == 403
        assert (await ana.call("GET", path))[0] == 200
    assert (await cleo.call("POST", f"{WINTER}/leases", {}))[0] == 403
    ana.csrf = "forged"
    assert (await ana.call("PATCH", WINTER, {"closed": True}))[0] == 403
    assert (await ana.call("POST", f"{WINTER}/leases", {}))[0] == 403


async def test_the_page_shows_filters_and_closes_and_runs_no_script_of_a_customer(served_on_sqlite, tmp_path):
    client, insert = served_on_sqlite
    await insert(1, layout="lead", fields=[field("name", EVIL)])
    await insert(2, start_date="2999-01-01T00:00:00+00:00")
    dialer = client(TOKEN)
    _, answer = await dialer.call("POST", f"{WINTER}/leases", {})
    report = {"result": "answered", "note": EVIL}
    await dialer.call("POST", f"/api/campaign_leases/{answer['leases'][0]['lease']}/report", report)
    async with running_browser(tmp_path / "browser") as browser:
        async with browser.page(f"{dialer.address}/campaigns/", width=1280, height=900) as page:
            await sign_in(page)
            await page.arrives("document.querySelectorAll('tbody tr').length === 4")
            await looked_at(page, "campaigns")
            await page.value("[...document.querySelectorAll('main a')].find((link) => link.textContent === 'Winter by sms').click()")
            await page.until("document.querySelectorAll('.targets tbody tr:not(.history)').length === 2")
            assert EVIL in await page.value("document.querySelector('.targets dl').textContent")
            await page.value("document.querySelector('main [aria-expanded]').click()")
            await page.until("document.querySelector('.history:not([hidden])')")
            assert EVIL in await page.value("document.querySelector('.history').textContent")
            assert await page.value("document.title") == "Campaigns"
            assert await page.value("document.querySelectorAll('main img, main script').length") == 0
            await looked_at(page, "campaign")
        for dark in (False, True):
            async with browser.page(f"{dialer.address}/campaigns/#sms/winter", width=390, height=800, dark=dark) as page:
                await page.until("document.querySelectorAll('.targets tbody tr:not(.history)').length === 2")
                assert await page.fits(), "nothing is wider than the window"
                await looked_at(page, f"campaign_phone_{dark}")
        async with browser.page(f"{dialer.address}/campaigns/#sms/winter", width=1280, height=900, dark=True) as page:
            await page.until("document.querySelector('[name=state]')")
            await page.value("document.querySelector('[name=state]').value = 'waiting'")
            await page.value("document.querySelector('form button').click()")
            await page.until("document.querySelectorAll('.targets tbody tr:not(.history)').length === 1")
            await page.value("document.querySelector('button.danger').click()")
            await page.until("document.querySelector('.heading .tag').textContent === 'closed'")
            await looked_at(page, "campaign_closed")
        assert [line for line in browser.complaints if "status of 401" not in line] == []  # nobody was signed in at first
    assert (await dialer.call("GET", WINTER))[1]["closed_by"] == "ana"


async def sign_in(page, name="ana"):
    await page.arrives("document.activeElement?.name === 'name'")  # set by the page's script, which is there by then
    for field_name, value in (("name", name), ("password", PASSWORD)):
        await page.value(f"document.querySelector('[name={field_name}]').value = {value!r}")
    await page.value("document.querySelector('#sign-in button').click()")


async def looked_at(page, name):
    """Keep a picture where whoever looks at pages asks for one."""
    if folder := os.environ.get("SMART_ROUTING_TEST_PICTURES"):
        await page.picture(Path(folder) / f"{name}.png")
