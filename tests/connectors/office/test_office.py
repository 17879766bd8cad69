"""The office's sign-in: who comes in, and what nobody else may do."""

import asyncio
import re
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner
from yarl import URL

from connectors.framework.errors import Refused, Retry
from connectors.framework.settings import ConnectorSettings, SettingsError
from connectors.office import office as office_module
from connectors.office.answering import answered
from connectors.office.office import office_application, staff_of
from schemas.deployment import Deployment
from smart_routing.cli import main
from tests.connectors.command_bench import around
from tests.connectors.office.office_bench import PASSWORD, TOKEN, serving_office, staff
from tests.smart_routing.browser import running_browser

BUTTON = "document.querySelector('#sign-in button')"
PAGES = Path(office_module.__file__).parent / "page"
STAFF = staff(nora=["agent"], carl=["cases"], ada=["admin"])


def cases(office):
    """A part of the office with an API and a page."""

    async def get(request):
        return answered({"name": staff_of(request).name})

    async def fail(request):
        match request.match_info["how"]:
            case "refused":
                raise Refused("duplicate", "There is one.")
            case "retry":
                raise Retry("unreachable", detail="a secret of ours")
        raise AssertionError

    office.add("GET", "/api/cases", get, {"cases"})
    office.add("POST", "/api/cases", get, {"cases"})
    office.add("GET", "/api/fail/{how}", fail)
    office.page("/cases", "Cases", PAGES, {"cases"})


@asynccontextmanager
async def office(redis_server):
    async with serving_office(Deployment(redis_url=redis_server.url), [cases], **STAFF) as client:
        yield client


async def test_whoever_is_not_signed_in_gets_nothing_but_the_sign_in(redis_server):
    async with office(redis_server) as client:
        guest = client()
        assert (await guest.call("GET", "/api/cases"))[0] == 401
        assert (await guest.call("POST", "/api/cases", {}))[0] == 401
        async with guest.session.get("/cases/", allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, "/office/sign-in/?to=/cases/")
        async with guest.session.get("/cases/", allow_redirects=True) as response:
            assert "Sign in" in await response.text()
        assert (await guest.call("GET", "/office/session"))[0] == 401


async def test_headers_that_are_no_utf_8_are_refused_as_any_other(redis_server):
    async with office(redis_server) as client:
        address = URL(client().address)
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(b"GET /api/cases HTTP/1.1\r\nHost: office\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
        writer.close()
        await writer.wait_closed()


async def test_names_and_passwords_that_are_wrong_look_the_same(redis_server):
    async with office(redis_server) as client:
        assert await client().sign_in("nora", "wrong") == await client().sign_in("nobody", PASSWORD) == 401
        assert await client().sign_in("nora") == 201


async def test_passwords_cannot_be_tried_without_end(redis_server):
    async with office(redis_server) as client:
        statuses = [await client().sign_in("nora", f"guess {number}") for number in range(12)]
        assert statuses[:10] == [401] * 10
        assert statuses[10:] == [429] * 2
        assert await client().sign_in("nora") == 429  # neither is the right one told then
        assert await client().sign_in("carl") == 201


async def test_roles_decide(redis_server):
    async with office(redis_server) as client:
        nora, carl, ada = client(), client(), client()
        for name, who in (("nora", nora), ("carl", carl), ("ada", ada)):
            assert await who.sign_in(name) == 201
        assert await carl.call("GET", "/api/cases") == (200, {"name": "carl"})
        assert await ada.call("POST", "/api/cases", {}) == (200, {"name": "ada"})
        status, fault = await nora.call("GET", "/api/cases")
        assert (status, fault["error"], fault["expected"]) == (403, "roles", "cases")
        assert (await nora.call("GET", "/office/session"))[1]["pages"] == []
        assert (await carl.call("GET", "/office/session"))[1]["pages"] == [{"path": "/cases/", "title": "Cases"}]


async def test_a_request_that_another_site_makes_the_browser_send_is_refused(redis_server):
    async with office(redis_server) as client:
        carl = client()
        await carl.sign_in("carl")
        token, carl.csrf = carl.csrf, ""
        assert (await carl.call("POST", "/api/cases", {}))[0] == 403
        assert (await carl.call("DELETE", "/office/session"))[0] == 403
        other = client()
        await other.sign_in("carl")
        carl.csrf = other.csrf
        assert (await carl.call("POST", "/api/cases", {}))[0] == 403
        carl.csrf = token
        assert (await carl.call("POST", "/api/cases", {}))[0] == 200
        async with carl.session.post("/office/session", data={"name": "nora", "password": PASSWORD}) as response:
            assert response.status == 415  # a form of another site cannot sign somebody in


async def test_the_cookie_is_for_this_site_alone_and_no_script_reads_it(redis_server):
    async with (
        office(redis_server) as client,
        client().session.post("/office/session", json={"name": "nora", "password": PASSWORD}) as response,
    ):
        cookie = response.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert PASSWORD not in cookie


async def test_the_cookie_of_an_office_behind_tls_goes_over_tls_alone(redis_server):
    secure = ConnectorSettings.model_validate({"office_url": "https://office.example"})
    deployment = Deployment(redis_url=redis_server.url)
    async with (
        serving_office(deployment, [], secure, **STAFF) as client,
        client().session.post("/office/session", json={"name": "nora", "password": PASSWORD}) as response,
    ):
        assert "Secure" in response.headers["Set-Cookie"]


async def test_who_has_signed_out_or_left_the_list_is_out(redis_server):
    async with office(redis_server) as client:
        carl = client()
        await carl.sign_in("carl")
        (cookie,) = carl.session.cookie_jar
        assert (await carl.call("DELETE", "/office/session"))[0] == 200
        headers = {"Cookie": f"{cookie.key}={cookie.value}"}
        async with carl.session.get("/api/cases", headers=headers) as response:
            assert response.status == 401
        await carl.sign_in("carl")
        (cookie,) = carl.session.cookie_jar
        headers = {"Cookie": f"{cookie.key}={cookie.value}"}
        async with (
            serving_office(Deployment(redis_url=redis_server.url), [cases], **staff(nora=["agent"])) as later,
            later().session.get("/api/cases", headers=headers) as response,
        ):
            assert response.status == 401


async def test_who_signs_in_over_an_open_session_ends_it(redis_server):
    async with office(redis_server) as client:
        browser = client()
        await browser.sign_in("nora")
        (cookie,) = browser.session.cookie_jar
        browser.csrf = ""  # the page to sign in knows none
        assert await browser.sign_in("carl") == 201
        assert (await browser.call("GET", "/api/cases"))[1] == {"name": "carl"}
        async with client().session.get("/office/session", headers={"Cookie": f"{cookie.key}={cookie.value}"}) as response:
            assert response.status == 401


async def test_programs_bring_a_token_and_need_no_other(redis_server):
    async with office(redis_server) as client:
        assert await client(token=TOKEN).call("POST", "/api/cases", {}) == (200, {"name": "dialer"})
        assert (await client(token=TOKEN + "x").call("POST", "/api/cases", {}))[0] == 401
        assert (await client(token="").call("GET", "/api/cases"))[0] == 401


async def test_faults_are_told_in_json_and_tell_no_secret(redis_server):
    async with office(redis_server) as client:
        program = client(token=TOKEN)
        assert await program.call("GET", "/api/fail/refused") == (409, {"error": "duplicate", "detail": "There is one."})
        status, fault = await program.call("GET", "/api/fail/retry")
        assert (status, fault["error"]) == (503, "service")
        assert "secret" not in str(fault)
        status, fault = await program.call("GET", "/nowhere")
        assert (status, fault["found"]) == (404, "not found")


async def test_pages_run_nothing_but_what_is_their_own(redis_server):
    async with office(redis_server) as client:
        async with client().session.get("/office/sign-in/") as response:
            policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    for file in PAGES.rglob("*.*"):
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, file.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|style=|onclick=", text), file.name


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("STAFF", "nora: {password: x, roles: [king]}", "at nora.roles.0: expected"),
        ("STAFF", "nora: [", "expected YAML"),
        ("PROGRAMS", "dialer: {token: hunter2, roles: [admin]}", "at dialer.token: expected a secret"),
    ],
)
def test_a_list_that_cannot_be_used_is_told_without_its_secrets(variable, value, said):
    with pytest.raises(SettingsError) as wrong:
        office_application(around(Deployment(), **{f"SMART_ROUTING_OFFICE_{variable}": value}), [])
    assert said in str(wrong.value)
    assert "hunter2" not in str(wrong.value)


def test_passwords_are_hashed_by_a_command():
    result = CliRunner().invoke(main, ["office", "password", "--password", "x y z"])
    assert result.output.startswith("$argon2id$")
    assert not PasswordHasher().check_needs_rehash(result.output.strip())


async def test_signing_in_with_a_browser_leads_where_one_wanted_to(redis_server, tmp_path):
    async with office(redis_server) as client, running_browser(tmp_path) as browser:
        async with browser.page(f"{client().address}/cases/", width=1_280, height=800) as page:
            await page.arrives("document.activeElement?.name === 'name'")
            await page.call("Input.insertText", text="carl")
            await page.value("document.querySelector('[name=password]').focus()")
            await page.call("Input.insertText", text="wrong")
            await page.click(BUTTON)
            await page.arrives("document.querySelector('#wrong').textContent.includes('wrong')")
            await page.value("document.querySelector('[name=password]').select()")
            await page.call("Input.insertText", text=PASSWORD)
            await page.click(BUTTON)
            await page.arrives("document.querySelector('#office nav a[aria-current]')?.textContent === 'Cases'")
            await page.value("document.querySelector('#sign-out').click()")
            await page.arrives("location.pathname === '/office/sign-in/'")
        assert [complaint for complaint in browser.complaints if "401" not in complaint] == []
