"""The pages of e-mails and of the outbox, and what HTML in an e-mail cannot do there."""

import json
from contextlib import asynccontextmanager

from connectors.email.office import mount
from connectors.email.outbox import KeptMessage, outbox_server
from connectors.smtp.address import Address
from connectors.smtp.mailer import Mailer
from connectors.smtp.message import Content, compose
from schemas.deployment import Deployment
from tests.connectors.command_bench import around
from tests.connectors.email.sending_bench import ANN, BEN, command, connector, context, send
from tests.connectors.mail_server import mail_server
from tests.connectors.office.office_bench import PASSWORD, TOKEN, serving_office, staff
from tests.smart_routing.browser import running_browser

CAT = "cat@bücher.example"
MARKUP = "<img src=x onerror=alert(1)>"
EVIL = "<h1>Hello</h1><script>document.title = 'stolen'; parent.document.title = 'stolen'</script><img src=x onerror=alert(1)>"


@asynccontextmanager
async def offices(redis_server, sql_url, **more):
    environment = {"SMART_ROUTING_SQL_URL": sql_url, "SMART_ROUTING_EMAIL_OUTBOX": "true", **staff(emma=["email"], nora=["agent"]), **more}
    async with serving_office(Deployment(redis_url=redis_server.url), [mount], **environment) as client:
        yield client


@asynccontextmanager
async def outbox(redis_server):
    """A server for trying out, and a mailer that sends to it."""
    deployment = Deployment(redis_url=redis_server.url)
    async with outbox_server(around(deployment)) as port:
        mailbox = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "shop@example.org", "sender_name": "The shop"}
        mailer = Mailer(around(deployment, SMART_ROUTING_SMTP_MAILBOXES=json.dumps({"shop": mailbox})))
        await mailer.open()

        async def put(subject, text, html=None):
            await mailer.send_to("shop", compose(Content(subject, text, html, (Address(ANN),)), "c1-1-1"), Address(ANN))

        yield put


async def test_outgoing_interactions_are_listed_searched_and_opened(redis_server, sql_url):
    async with mail_server() as server, connector(sql_url, shop=server.mailbox()) as made:
        for number in range(5):
            body = command(
                outgoing_interaction=True, queue=f"q{number % 2}", subject=f"Number {number} 100%", cc=[BEN], bcc=[CAT], html=EVIL
            )
            await send(made, body, context(f"c1-1-{number}"))
    async with offices(redis_server, sql_url) as client:
        emma = client()
        await emma.sign_in("emma")
        status, page = await emma.call("GET", "/api/emails?limit=3")
        assert (status, len(page["emails"])) == (200, 3)
        _, rest = await emma.call("GET", f"/api/emails?limit=3&after={page['next']}")
        found = [*page["emails"], *rest["emails"]]
        assert (len({email["id"] for email in found}), rest["next"]) == (5, None)
        for query, expected in (
            ("q=number+3", 1),
            ("q=100%25", 5),
            ("q=BEN@example", 5),
            ("q=bücher", 5),
            ("q=%25", 5),
            ("q=1_0", 0),
            ("queue=q1", 2),
            ("q=nobody", 0),
        ):
            _, page = await emma.call("GET", f"/api/emails?{query}")
            assert len(page["emails"]) == expected, query
        _, email = await emma.call("GET", "/api/emails/c1-1-3")
        assert (email["recipients"], email["text"], email["html"]) == ({"to": [ANN], "cc": [BEN], "bcc": [CAT]}, "Thank you.\n", True)
        assert (await emma.call("GET", "/api/emails/other"))[0] == 404
        assert (await emma.call("GET", "/api/emails?after=x"))[0] == 400


async def test_only_those_with_the_role_see_them(redis_server, sqlite_url):
    async with offices(redis_server, sqlite_url) as client:
        nora = client()
        await nora.sign_in("nora")
        assert [(await nora.call("GET", path))[0] for path in ("/api/emails", "/api/emails/x", "/api/emails/x/html")] == [403] * 3
        assert (await client().call("GET", "/api/emails"))[0] == 401
        assert (await client(token=TOKEN).call("GET", "/api/emails"))[0] == 200


async def test_html_comes_in_a_sandbox(redis_server, sqlite_url):
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox()) as made:
        await send(made, command(outgoing_interaction=True, html=EVIL))
    async with offices(redis_server, sqlite_url) as client:
        emma = client()
        await emma.sign_in("emma")
        async with emma.session.get("/api/emails/c1-1-1/html") as response:
            policy = response.headers["Content-Security-Policy"]
            assert await response.text() == EVIL
    assert policy.startswith("sandbox; default-src 'none'")


async def test_without_the_setting_there_is_no_outbox(redis_server, sqlite_url):
    async with offices(redis_server, sqlite_url, SMART_ROUTING_EMAIL_OUTBOX="false") as client:
        emma = client()
        await emma.sign_in("emma")
        assert (await emma.call("GET", "/api/outbox"))[0] == 404


async def test_the_outbox_keeps_so_many_and_is_emptied_by_hand_only(redis_server, sqlite_url):
    async with outbox(redis_server) as put, offices(redis_server, sqlite_url) as client:
        await put("First", "Grüße\n", "<b>Grüße</b>")
        await put("Second", "x")
        emma = client()
        await emma.sign_in("emma")
        _, found = await emma.call("GET", "/api/outbox")
        assert [message["subject"] for message in found["messages"]] == ["Second", "First"]
        _, message = await emma.call("GET", f"/api/outbox/{found['messages'][1]['id']}")
        assert (message["text"].strip(), message["to"], message["sender"]) == ("Grüße", [ANN], "shop@example.org")
        assert ["From", "The shop <shop@example.org>"] in message["headers"]
        assert [(await emma.call("GET", f"/api/outbox/{bad}"))[0] for bad in ("99", "x", "-1", "9" * 30)] == [404] * 4
        assert (await emma.call("DELETE", "/api/outbox", **{"X-CSRF-Token": "a guess"}))[0] == 403
        assert (await emma.call("DELETE", "/api/outbox"))[0] == 200
        assert (await emma.call("GET", "/api/outbox"))[1] == {"messages": []}


def test_a_message_in_an_encoding_that_nobody_knows_is_kept_as_far_as_it_can_be_read():
    content = b'Subject: x\r\nContent-Type: text/plain; charset="x-klingon"\r\n\r\nnuqneH \xff\r\n'
    assert KeptMessage.read(1, "a@example.org", [ANN], content).text == "nuqneH \N{REPLACEMENT CHARACTER}\r\n"


async def test_pages_show_mail_and_run_none_of_its_scripts(redis_server, sqlite_url, tmp_path):
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox()) as made:
        body = command(outgoing_interaction=True, queue="support", subject=MARKUP, html=EVIL, cc=[BEN])
        await send(made, body)
    async with outbox(redis_server) as put, offices(redis_server, sqlite_url) as client, running_browser(tmp_path / "profile") as browser:
        await put(MARKUP, f"Thank you. {MARKUP}\n", f"<p style='color:teal'>Thank <b>you</b>.</p>{EVIL}")
        address = client().address
        async with browser.page(f"{address}/outbox/", width=1280, height=900) as page:
            await page.arrives("document.activeElement?.name === 'name'")  # set by the page's script, which is there by then
            for field, value in (("name", "emma"), ("password", PASSWORD)):
                await page.value(f"document.querySelector('[name={field}]').value = {value!r}")
            await page.value("document.querySelector('#sign-in button').click()")
            await page.arrives("document.querySelector('iframe')")
            assert await page.value("document.querySelector('iframe').contentDocument === null"), "the frame has an origin of its own"
            await page.picture(tmp_path / "outbox.png")
            assert (
                await page.value("[...document.querySelectorAll('#message h2, #messages b')].map((one) => one.textContent)") == [MARKUP] * 2
            )
            await page.value("document.querySelectorAll('.tabs button')[1].click()")
            assert await page.value("document.querySelector('#message pre').textContent.trim()") == f"Thank you. {MARKUP}"
            assert await page.value("document.querySelectorAll('main img').length") == 0
            await page.value("[...document.querySelectorAll('.tabs button')].at(-1).click()")
            await page.until("document.querySelector('.headers pre')?.textContent.includes('Message-Id: <c1-1-1@example.org>')")
            assert await page.value("document.title") == "Outbox"
        for width, dark in ((1280, False), (390, True)):
            async with browser.page(f"{address}/outbox/", width=width, height=850, dark=dark) as page:
                await page.arrives("document.querySelector('iframe')")
                await page.picture(tmp_path / f"outbox-{width}.png")
            async with browser.page(f"{address}/emails/", width=width, height=850, dark=dark) as page:
                await page.until("document.querySelectorAll('#emails button').length === 1")
                assert await page.fits(), "nothing is wider than the window"
                await page.value("document.querySelector('#emails button').click()")
                await page.until("document.querySelector('dialog[open] iframe')")
                assert await page.value("document.querySelector('dialog h2').textContent") == MARKUP
                await page.picture(tmp_path / f"emails-{width}.png")
        scripts = [complaint for complaint in browser.complaints if "script" not in complaint.lower() and "image" not in complaint.lower()]
        assert scripts == [], "the browser refuses the e-mail's scripts and pictures, and has nothing else to say"
