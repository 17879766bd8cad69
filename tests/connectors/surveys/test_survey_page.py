"""The page on which customers answer, as the gateway serves it."""

import asyncio
import base64
import os
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from connectors.surveys import tables
from connectors.surveys.answers import LONGEST_TEXT
from connectors.surveys.public import LARGEST_FORM_BYTES
from tests.connectors.postgresql_server import PostgresqlServer
from tests.connectors.surveys.conftest import ALL, EVIL, around, attach, connecting, mark_of, path_of, serving_page
from tests.connectors.test_definitions import Publisher
from tests.smart_routing.browser import running_browser


@asynccontextmanager
async def surveyed(published, sql_url):
    surroundings = around(published, sql_url)
    async with connecting(surroundings) as connector, serving_page(surroundings) as customer:
        yield connector, customer


@pytest.fixture
async def page(published, sql_url):
    async with surveyed(published, sql_url) as made:
        yield made


@pytest.fixture
async def on_sqlite(published, sqlite_url):
    async with surveyed(published, sqlite_url) as made:
        yield made


async def link_of(connector, conversation="c1", **changes):
    return (await attach(connector, 1, conversation, **changes)).values["link"]


async def kept(connector):
    async with connector._database.reading() as connection:
        rows = await connection.execute(select(tables.answers).order_by(tables.answers.c.question))
        return {row.question: row.value for row in rows}


async def test_a_customer_answers_once_and_is_thanked(page):
    connector, customer = page
    link = await link_of(connector)
    status, text, _ = await customer.get(link)
    assert status == 200
    assert "How was it?" in text
    status, _, headers = await customer.answer(link, ALL)
    assert (status, headers["Location"]) == (303, link.rpartition("/")[2])
    assert await kept(connector) == {**ALL, "why": "price,kind"}
    status, text, _ = await customer.get(link)
    assert status == 200
    assert "Thanks a lot." in text
    assert "<form" not in text


async def test_a_second_answer_changes_nothing_however_it_comes(page):
    connector, customer = page
    link = await link_of(connector)
    _, text, _ = await customer.get(link)
    mark = mark_of(text)
    assert (await customer.answer(link, {"stars": "5"}, mark))[0] == 303
    assert (await customer.answer(link, {"stars": "1", "more": "changed"}, mark))[0] == 303
    assert await kept(connector) == {"stars": "5"}


async def test_of_many_answers_at_the_same_time_one_is_kept(page):
    connector, customer = page
    link = await link_of(connector)
    mark = mark_of((await customer.get(link))[1])
    sent = await asyncio.gather(*(customer.answer(link, {"stars": str(1 + number % 5), "more": f"{number}"}, mark) for number in range(12)))
    assert {status for status, _, _ in sent} == {303}
    values = await kept(connector)
    assert values["stars"] == str(1 + int(values["more"]) % 5), "no mixture of two answers"
    async with connector._database.reading() as connection:
        (answered,) = (await connection.execute(select(tables.attachment.c.answered_at))).scalars()
    assert answered is not None


async def test_looking_at_a_link_answers_nothing(on_sqlite):
    """As programs do that show a preview of it."""
    connector, customer = on_sqlite
    link = await link_of(connector)
    for _ in range(3):
        assert (await customer.get(f"{link}?answer.stars=5&form=x"))[0] == 200
    async with customer.session.head(customer.address + path_of(link)) as response:
        assert response.status == 200
    assert await kept(connector) == {}


async def test_guessed_and_altered_links_lead_nowhere(on_sqlite):
    connector, customer = on_sqlite
    link = await link_of(connector)
    other = await link_of(connector, "c2")
    token, other_token = link.rpartition("/")[2], other.rpartition("/")[2]
    payload, _, signature = token.rpartition(".")
    guesses = [
        "x",
        "c1-1-1",
        payload,
        f"{payload}.",
        f"{payload}.{other_token.rpartition('.')[2]}",
        f"{payload}.{signature[:-1]}",
        f"{payload[:-1]}.{signature}",
        token + "x",
        connector._links.form(connector._links.attachment(token)),
        "%00",
        "..%2f..%2fetc%2fpasswd",
    ]
    for guess in guesses:
        status, page, headers = await customer.get(f"/{guess}")
        assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8"), guess
        assert "This link leads nowhere." in page, guess
        assert (await customer.post(f"/{guess}", "answer.stars=5"))[0] == 404, guess
    assert await kept(connector) == {}


async def test_a_form_that_we_did_not_serve_for_this_link_is_refused(on_sqlite):
    connector, customer = on_sqlite
    link, other = await link_of(connector), await link_of(connector, "c2")
    foreign = mark_of((await customer.get(other))[1])
    for mark in ("", "x", foreign, link.rpartition("/")[2]):
        assert (await customer.answer(link, {"stars": "5"}, mark or " "))[0] == 403
    assert (await customer.post(link, "answer.stars=5"))[0] == 403
    assert (await customer.answer(link, {"stars": "5"}, **{"Sec-Fetch-Site": "cross-site"}))[0] == 403
    assert (await customer.post(link, '{"answer.stars": "5"}', "application/json"))[0] == 400
    assert (await customer.post(link, "form=x", "text/plain"))[0] == 400
    assert (await customer.post(link, b"form=%ff\xff"))[0] == 400
    assert (await customer.post(link, "&".join(f"a{number}=1" for number in range(3_000))))[0] == 400
    assert (await customer.post(link, "a" * (LARGEST_FORM_BYTES + 1)))[0] == 413
    assert await kept(connector) == {}


async def test_what_is_wrong_is_told_and_what_was_written_is_kept_in_the_form(on_sqlite):
    connector, customer = on_sqlite
    link = await link_of(connector)
    status, text, _ = await customer.answer(link, {"again": "7", "why": ["price"], "more": f"</textarea>{EVIL}"})
    assert status == 422
    assert text.count("Please answer this question.") == 2
    assert '<a href="#question.stars">' in text
    assert 'value="7" checked' in text
    assert 'value="price" checked' in text
    assert "<img" not in text
    assert "<script" not in text
    assert "&lt;/textarea&gt;&lt;img" in text
    status, text, _ = await customer.answer(link, {"stars": "3", "more": "x" * (LONGEST_TEXT + 1)})
    assert (status, "Please write less." in text) == (422, True)
    assert await kept(connector) == {}
    assert (await customer.answer(link, {"stars": "3"}, mark_of(text)))[0] == 303


async def test_the_page_speaks_the_customer_s_language_where_it_can(on_sqlite):
    connector, customer = on_sqlite
    for locale, header, language, said in (
        ("de_AT", "", "de", "Wie war es?"),
        (None, "de,en;q=0.5", "de", "Wie war es?"),
        ("xx", "fr,de;q=0.3", "de", "Wie war es?"),
        ("fr", "fr", "en", "How was it?"),
        (None, "", "en", "How was it?"),
    ):
        link = await link_of(connector, f"{locale} {header}", locale=locale)
        _, text, _ = await customer.get(link, **{"Accept-Language": header})
        assert f'<html lang="{language}" dir="ltr">' in text, (locale, header)
        assert said in text


async def test_a_survey_that_is_over_takes_no_answer(on_sqlite):
    connector, customer = on_sqlite
    link = await link_of(connector)
    mark = mark_of((await customer.get(link))[1])
    async with connector._database.writing() as connection:
        await connection.execute(update(tables.attachment).values(expires_at=1))
    status, text, _ = await customer.get(link)
    assert (status, "This survey is over." in text) == (410, True)
    assert (await customer.answer(link, {"stars": "5"}, mark))[0] == 303
    assert await kept(connector) == {}


async def test_questions_stay_as_they_were_when_the_survey_was_attached(on_sqlite, published):
    connector, customer = on_sqlite
    publisher = Publisher(published)
    publisher.put("survey", "v", "versions", questions=[{"id": "old", "text": "The old one?", "kind": "text"}])
    before = await link_of(connector, survey="versions")
    publisher.put("survey", "v", "versions", questions=[{"id": "new", "text": "The new one?", "kind": "text"}])
    await connector._definitions.catch_up()
    after = await link_of(connector, "c2", survey="versions")
    assert "The old one?" in (await customer.get(before))[1]
    assert "The new one?" in (await customer.get(after))[1]
    assert (await customer.answer(before, {"new": "x"}))[0] == 422
    assert (await customer.answer(before, {"old": "x"}))[0] == 303


async def test_every_answer_has_headers_that_let_nothing_run_and_nothing_leak(on_sqlite):
    connector, customer = on_sqlite
    link = await link_of(connector)
    answers = [
        await customer.get(link),
        await customer.get("/x"),
        await customer.answer(link, {}),
        await customer.answer(link, {"stars": "1"}),
    ]
    assert [status for status, _, _ in answers] == [200, 404, 422, 303]
    for _, _, headers in answers:
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "script-src" not in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store")
        assert "noindex" in headers["X-Robots-Tag"]
        assert "Set-Cookie" not in headers


async def test_a_store_that_is_down_asks_the_customer_to_come_again_and_keeps_nobody_from_chatting(published):
    with PostgresqlServer() as server:
        surroundings = around(published, server.url("postgres"))
        async with connecting(surroundings) as connector:
            link = await link_of(connector)
            server.stop()
            async with serving_page(surroundings) as customer:
                assert (await customer.get(link))[0] == 503
                server.start()
                mark = mark_of((await customer.get(link))[1])
                server.stop()
                assert (await customer.answer(link, {"stars": "5"}, mark))[0] == 503
                server.start()
                assert (await customer.answer(link, {"stars": "5"}, mark))[0] == 303
            assert await kept(connector) == {"stars": "5"}


async def test_without_a_secret_there_is_no_page(published, sqlite_url):
    surroundings = around(published, sqlite_url)
    settings = surroundings.settings.model_copy(update={"link_secret": None})
    async with serving_page(replace(surroundings, settings=settings)) as customer:
        assert (await customer.get("/x"))[1] == "404: Not Found"


LOADED = "document.readyState === 'complete' && document.querySelector('form')"
"""With its style: what has none is smaller."""

SIZES = [(390, False), (390, True), (1280, False), (1280, True)]


async def test_a_phone_without_scripts_answers(on_sqlite, tmp_path):
    connector, customer = on_sqlite
    link = customer.address + path_of(await link_of(connector))
    async with running_browser(tmp_path / "browser") as browser:
        for width, dark in SIZES:
            async with browser.page(link, width=width, height=844 if width < 500 else 900, dark=dark, touch=width < 500) as page:
                await page.arrives(LOADED)
                assert await page.fits(), "nothing is wider than the window"
                smallest = (
                    "Math.min(...[...document.querySelectorAll('.options label, button')].map((one) => one.getBoundingClientRect().height))"
                )
                assert await page.value(smallest) >= 44, "what a thumb touches is large enough (WCAG 2.2, 2.5.5)"
                await whole(page, f"survey_{width}_{dark}")
        async with browser.page(link, width=390, height=844, touch=True) as page:
            await page.arrives(LOADED)
            await page.value("window.left = true")
            await page.call("Emulation.setScriptExecutionDisabled", value=True)
            await page.call("Page.reload")  # which answers before the page that it leaves is gone
            await page.arrives(f"!window.left && {LOADED}")
            assert await page.value("document.title") == "How did we do?"
            unnamed = (
                "[...document.querySelectorAll('input:not([type=hidden]), textarea')].filter((field) => field.labels.length === 0).length"
            )
            assert await page.value(unnamed) == 0
            grouped = "[...document.querySelectorAll('.options input')].every((one) => one.closest('fieldset').querySelector('legend'))"
            assert await page.value(grouped)
            await tap(page, "document.querySelector('button')")
            assert await page.value("document.querySelector('[name=\"answer.stars\"]').validity.valueMissing")
            await tap(page, 'document.querySelector(\'[name="answer.stars"][value="4"]\').parentElement')
            await tap(page, 'document.querySelector(\'[name="answer.again"][value="9"]\').parentElement')
            await tap(page, 'document.querySelector(\'[name="answer.why"][value="kind"]\').parentElement')
            await page.value("document.querySelector('textarea').focus()")
            await page.call("Input.insertText", text=f"All good {EVIL}")
            await whole(page, "survey_filled")
            await tap(page, "document.querySelector('button')")
            await page.arrives("document.querySelector('.message')")
            assert await page.value("document.querySelector('.message').textContent") == "Thanks a lot."
            await page.picture(tmp_path / "thanks.png")
            await whole(page, "survey_thanks")
        assert browser.complaints == []
    assert await kept(connector) == {"stars": "4", "again": "9", "why": "kind", "more": f"All good {EVIL}"}


async def test_what_is_wrong_is_shown_beside_its_question(on_sqlite, tmp_path):
    connector, customer = on_sqlite
    link = customer.address + path_of(await link_of(connector))
    async with running_browser(tmp_path / "browser") as browser, browser.page(link, width=390, height=844, touch=True) as page:
        await page.arrives(LOADED)
        await page.value("document.querySelector('form').noValidate = true")
        await tap(page, "document.querySelector('button')")
        await page.arrives("document.querySelector('[role=alert]')")
        assert await page.value("document.querySelector('[id=\"question.stars\"] .problem').textContent") == "Please answer this question."
        await whole(page, "survey_wrong")
        assert await page.value("document.querySelectorAll('img, script').length") == 0


async def tap(page, element):
    await page.value(f"({element}).scrollIntoView({{ block: 'center' }})")
    await page.click(element)


async def whole(page, name):
    """Keep a picture of the whole page where whoever looks at pages asks for one."""
    if folder := os.environ.get("SMART_ROUTING_TEST_PICTURES"):
        width, height = await page.value("[innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        taken = await page.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        await asyncio.to_thread((Path(folder) / f"{name}.png").write_bytes, base64.b64decode(taken["data"]))
