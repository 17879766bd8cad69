"""Invoices in the office: the API, the page, and files that are brought in."""

from contextlib import asynccontextmanager

import pytest
from click.testing import CliRunner

from connectors.billing.imported import Unimportable, read
from connectors.billing.office import mount
from schemas.deployment import Deployment
from smart_routing.cli import main
from tests.connectors.billing.billing_bench import OPEN, VALUES, billing, of_invoice
from tests.connectors.office.office_bench import PASSWORD, TOKEN, serving_office, staff
from tests.smart_routing.browser import running_browser


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path / 'connectors.db'}"


@asynccontextmanager
async def office(shared_redis, sql_url):
    environment = {"SMART_ROUTING_SQL_URL": sql_url, **staff(bill=["billing"], nora=["agent"])}
    async with serving_office(Deployment(redis_url=shared_redis.url), [mount], **environment) as client:
        yield client


@asynccontextmanager
async def signed_in(shared_redis, sql_url):
    async with office(shared_redis, sql_url) as client:
        bill = client()
        await bill.sign_in("bill")
        yield bill


async def test_invoices_are_written_read_and_changed(shared_redis, sql_url):
    async with signed_in(shared_redis, sql_url) as bill:
        status, made = await bill.call("POST", "/api/invoices", OPEN)
        assert (status, made) == (201, {**VALUES, "version": 1})
        assert (await bill.call("POST", "/api/invoices", OPEN))[0] == 409
        assert await bill.call("GET", "/api/invoices/812") == (200, {**VALUES, "version": 1})
        changed = {**OPEN, "status": "reminded"}
        assert (await bill.call("PUT", "/api/invoices/812", changed))[0] == 428
        status, found = await bill.call("PUT", "/api/invoices/812", changed, **{"If-Match": '"1"'})
        assert (status, found["status"], found["version"]) == (200, "reminded", 2)
        assert (await bill.call("PUT", "/api/invoices/812", changed, **{"If-Match": '"1"'}))[0] == 412
        assert (await bill.call("PUT", "/api/invoices/9", {**OPEN, "id": "9"}, **{"If-Match": "*"}))[0] == 404
        assert (await bill.call("PUT", "/api/invoices/812", {**OPEN, "id": "9"}, **{"If-Match": "*"}))[0] == 400
        assert (await bill.call("GET", "/api/invoices/9"))[0] == 404


async def test_what_is_no_invoice_is_refused_and_says_why(shared_redis, sqlite_url):
    wrong: list[tuple[dict[str, object], str]] = [
        ({"amount": 87.4}, "amount"), ({"amount": "87.405"}, "body"), ({"amount": "-1"}, "body"), ({"amount": "NaN"}, "body"),
        ({"amount": "1e3000000"}, "body"), ({"currency": "ZZZ"}, "body"), ({"number": ""}, "number"), ({"number": "a\nb"}, "number"),
        ({"email": "nobody"}, "email"), ({"mobile_phone": "086 123"}, "mobile_phone"), ({"issued_on": "yesterday"}, "issued_on"),
        ({"id": "../../etc"}, "id"), ({"shoe_size": "1"}, "shoe_size"), ({"name": "x\u0000"}, "name"),
    ]  # fmt: skip
    async with signed_in(shared_redis, sqlite_url) as bill:
        for change, where in wrong:
            status, fault = await bill.call("POST", "/api/invoices", {**OPEN, **change})
            assert (status, fault["error"].partition(".")[0]) == (400, where), fault
            assert fault["expected"]


async def test_invoices_are_found_and_listed_by_pages(shared_redis, sql_url):
    async with signed_in(shared_redis, sql_url) as bill:
        many = [{**OPEN, "id": str(number), "number": f"N-{number}", "name": f"Ann O'Neil {number} 100%"} for number in range(5)]
        assert await bill.call("POST", "/api/invoices/import", {"invoices": many}) == (200, {"added": 5, "changed": 0})
        _, page = await bill.call("GET", "/api/invoices?limit=3")
        _, rest = await bill.call("GET", f"/api/invoices?limit=3&after={page['next']}")
        assert (len({one["id"] for one in page["invoices"] + rest["invoices"]}), rest["next"]) == (5, None)
        searches = {"q=n3": 1, "q=4471": 5, "q=%2B353861234567": 5, "q=AOIFE@example.org": 5, "q=o'neil": 5, "q=100%25": 5, "q=1_0": 0,
                    "status=open": 5, "status=paid": 0, "q=' OR 1=1 --": 0}  # fmt: skip
        for query, expected in searches.items():
            assert len((await bill.call("GET", f"/api/invoices?{query}"))[1]["invoices"]) == expected, query


async def test_an_import_is_whole_or_nothing(shared_redis, sqlite_url):
    async with signed_in(shared_redis, sqlite_url) as bill:
        status, fault = await bill.call("POST", "/api/invoices/import", {"invoices": [OPEN, {**OPEN, "id": "2", "currency": "ZZZ"}]})
        assert (status, fault["error"].startswith("invoices.1.")) == (400, True)
        assert (await bill.call("GET", "/api/invoices"))[1]["invoices"] == []


async def test_only_those_with_the_role_and_the_token_may(shared_redis, sqlite_url):
    async with office(shared_redis, sqlite_url) as client:
        nora, bill = client(), client()
        await nora.sign_in("nora")
        await bill.sign_in("bill")
        for method, path in (
            ("GET", "/api/invoices"),
            ("POST", "/api/invoices"),
            ("POST", "/api/invoices/import"),
            ("GET", "/api/payments"),
        ):
            assert (await nora.call(method, path, {}))[0] == 403
            assert (await client().call(method, path, {}))[0] == 401
        assert (await bill.call("POST", "/api/invoices", OPEN, **{"X-CSRF-Token": "a guess"}))[0] == 403
        assert (await client(token=TOKEN).call("POST", "/api/invoices", OPEN))[0] == 201


async def test_payments_are_listed_without_their_links_and_what_is_paid_stays_paid(shared_redis, sqlite_url):
    async with billing(sqlite_url) as bench:
        link = await bench.begin(of_invoice())
        code = (await bench.payment()).code
        await bench.act(link, act="pay", card="paid")
    async with signed_in(shared_redis, sqlite_url) as bill:
        _, found = await bill.call("GET", "/api/payments?invoice=812")
        (payment,) = found["payments"]
        assert (payment["state"], payment["outcome"], payment["amount"], payment["sandbox"]) == ("paid", "payment_successful", "87.4", True)
        assert code not in str(found)
        assert (await bill.call("POST", "/api/invoices/import", {"invoices": [OPEN]}))[1] == {"added": 0, "changed": 1}
        assert (await bill.call("GET", "/api/invoices/812"))[1]["status"] == "paid"


FILES = {
    "list.yaml": "- {number: 20260117, amount: 87.40, currency: EUR, issued_on: 2026-11-12}\n",
    "named.yml": "invoices:\n  - number: '20260117'\n    amount: 87.40\n    currency: EUR\n    issued_on: 2026-11-12\n",
    "list.json": '[{"number": "20260117", "amount": 87.40, "currency": "EUR", "issued_on": "2026-11-12"}]',
    "list.csv": "number,amount,currency,issued_on,due_on\n20260117,87.40,EUR,2026-11-12,\n",
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_to_the_cent(tmp_path, name):
    (tmp_path / name).write_text(FILES[name])
    (found,) = read(tmp_path / name)
    assert (found.number, found.money.text, str(found.issued_on), found.due_on) == ("20260117", "87.4", "2026-11-12", None)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.yaml", "a: [", "YAML"), ("x.yaml", "7", "no list"), ("x.json", "{", "JSON"), ("x.txt", "", "ends with .txt"),
        ("x.csv", "", "found none"), ("x.json", "[1e99999999999999999999]", "exponent"),
        ("x.yaml", "- {number: 1}\n- 7\n", "invoice 2"), ("x.yaml", "!!python/object/apply:os.system ['true']", "invoice 1"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_with_all_its_faults(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(Unimportable, match=said):
        read(tmp_path / name)


def test_the_command_brings_a_file_in_and_may_be_repeated(tmp_path, sql_url, monkeypatch):
    monkeypatch.setenv("SMART_ROUTING_SQL_URL", sql_url)
    (tmp_path / "invoices.csv").write_text(FILES["list.csv"])
    for said in ("1 added, 0 changed.", "0 added, 1 changed."):
        result = CliRunner().invoke(main, ["billing", "import", str(tmp_path / "invoices.csv")])
        assert (result.exit_code, result.output.strip()) == (0, said), result.output


async def test_the_page_lists_opens_and_writes(shared_redis, sqlite_url, tmp_path):
    async with billing(sqlite_url) as bench:
        await bench.put({**OPEN, "name": "<img src=x onerror=alert(1)>"})
        await bench.act(await bench.begin(of_invoice()), act="pay", card="paid")
    async with office(shared_redis, sqlite_url) as client, running_browser(tmp_path / "profile") as browser:
        address = client().address
        async with browser.page(f"{address}/invoices/", width=1280, height=900) as page:
            await page.arrives("document.activeElement?.name === 'name'")
            for field, value in (("name", "bill"), ("password", PASSWORD)):
                await page.value(f"document.querySelector('[name={field}]').value = {value!r}")
            await page.value("document.querySelector('#sign-in button').click()")
            await page.arrives("document.querySelectorAll('#invoices button').length === 1")
            await page.value("document.querySelector('#new').click()")
            for field, value in (("number", "20260200"), ("amount", "12.5"), ("currency", "EUR"), ("due_on", "2026-12-24")):
                await page.value(f"document.querySelector('dialog [name={field}]').value = {value!r}")
            await page.value("document.querySelector('dialog .primary').click()")
            await page.until("document.querySelectorAll('#invoices button').length === 2")
            await page.picture(tmp_path / "list.png")
            await page.value(
                "[...document.querySelectorAll('#invoices button')].find((button) => button.textContent === '20260117').click()"
            )
            await page.until("document.querySelector('dialog li')?.textContent.includes('payment_successful')")
            await page.picture(tmp_path / "invoice.png")
            await page.value(
                "document.querySelector('dialog [name=due_on]').value = '2027-01-01', document.querySelector('dialog .primary').click()"
            )
            await page.until("document.querySelector('#invoices').textContent.includes('Jan 1, 2027')")
        async with browser.page(f"{address}/invoices/", width=390, height=844, dark=True) as page:
            await page.until("document.querySelectorAll('#invoices button').length === 2")
            assert await page.fits(), "nothing is wider than the phone"
            await page.picture(tmp_path / "phone.png")
        assert browser.complaints == []
