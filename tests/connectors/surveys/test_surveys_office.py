"""What customers answered, as the staff sees it."""

import asyncio
import csv
import io
import json
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import update

from connectors.surveys import office as surveys_office
from connectors.surveys import store, tables
from connectors.surveys.results import summed
from connectors.surveys.survey import Question
from tests.connectors.campaigns.test_campaigns_office import looked_at, sign_in
from tests.connectors.command_bench import PATIENCE_SECONDS
from tests.connectors.office.office_bench import TOKEN, serving_office, staff
from tests.connectors.surveys.conftest import EVIL, around, attach, connecting
from tests.connectors.test_definitions import Publisher
from tests.smart_routing.browser import running_browser

OPINION = "/api/surveys/opinion"


@asynccontextmanager
async def office(published, redis_server, sql_url):
    """The office, and a function by which customers answer."""
    deployment = published.model_copy(update={"redis_url": redis_server.url})
    environment = {"SMART_ROUTING_SQL_URL": sql_url, **staff(ana=["surveys"], cleo=["cases"])}
    async with connecting(around(deployment, sql_url)) as connector:

        async def answer(number, survey="opinion", at=None, **values):
            link = (await attach(connector, 1, f"c{number}", survey=survey)).values["link"]
            async with connector._database.writing() as connection:
                attachment = await store.by_id(connection, connector._links.attachment(link.rpartition("/")[2]) or "")
                assert attachment is not None
                if values:
                    assert await store.answer(connection, attachment, values)
                if at is not None:
                    row = tables.attachment
                    await connection.execute(update(row).where(row.c.id == attachment.id).values(answered_at=at))

        async with serving_office(deployment, [surveys_office.mount], **environment) as client:
            yield client, answer


@pytest.fixture
async def served(published, redis_server, sql_url):
    async with office(published, redis_server, sql_url) as made:
        yield made


@pytest.fixture
async def served_on_sqlite(published, redis_server, tmp_path):
    async with office(published, redis_server, f"sqlite:///{tmp_path / 'connectors.db'}") as made:
        yield made


async def test_each_question_is_summed_up(served):
    client, answer = served
    await answer(1, stars="5", again="10", why="price,kind", how="web", solved="true", more="a")
    await answer(2, stars="4", again="9", why="kind", solved="false")
    await answer(3, stars="4", again="6")
    await answer(4, stars="2", again="7", more="b")
    await answer(5)
    await answer(6, survey="short", stars="1")
    status, summary = await client(TOKEN).call("GET", f"{OPINION}/summary")
    assert (status, summary["attached"], summary["answered"], summary["name"]) == (200, 5, 4, "How did we do?")
    stars, again, why, how, solved, more = summary["questions"]
    assert (stars["mean"], stars["counts"]) == (3.75, {"1": 0, "2": 1, "3": 0, "4": 2, "5": 1})
    assert (again["score"], again["promoters"], again["detractors"], again["answered"]) == (25, 2, 1, 4)
    assert (why["counts"], why["answered"]) == ({"price": 1, "kind": 2}, 2)
    assert (how["counts"], solved["counts"]) == ({"web": 1, "sms": 0}, {"true": 1, "false": 1})
    assert (more["answered"], "counts" in more) == (2, False)
    assert why["choices"] == {"price": "The price", "kind": "Kindness"}


async def test_answers_come_newest_first_page_by_page_and_of_a_period(served):
    client, answer = served
    for number in range(7):
        await answer(number, stars="3", more=f"{number}", at=1_000_000 + 1_000 * (number // 2))
    program = client(TOKEN)
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        status, page = await program.call("GET", f"{OPINION}/answers?limit=2&after={after}")
        assert status == 200
        assert len(page["answers"]) <= 2
        seen += [one["answers"]["more"] for one in page["answers"]]
        after = page["next"]
    assert [sorted(seen[:1]), sorted(seen[1:3]), sorted(seen[3:5]), sorted(seen[5:])] == [["6"], ["4", "5"], ["2", "3"], ["0", "1"]]
    _, some = await program.call("GET", f"{OPINION}/answers?since=1001000&until=1002000")
    assert sorted(one["answers"]["more"] for one in some["answers"]) == ["2", "3"]
    _, summary = await program.call("GET", f"{OPINION}/summary?since=1001000")
    assert summary["questions"][0]["answered"] == 5


async def test_an_export_is_whole_and_runs_nothing_in_a_spreadsheet(served):
    client, answer = served
    formula = '=HYPERLINK("http://evil.example";"click")'
    for number in range(3):
        await answer(number, stars="3", why="price,kind", more=formula, at=1_000 + number)
    program = client(TOKEN)
    async with program.session.get(f"{OPINION}/answers.csv") as response:
        assert response.headers["Content-Disposition"] == 'attachment; filename="opinion.csv"'
        rows = list(csv.DictReader(io.StringIO((await response.read()).decode("utf-8-sig"), newline="")))
    assert [row["more"] for row in rows] == [f"'{formula}"] * 3
    assert (rows[0]["answered_at"], rows[0]["stars"], rows[0]["why"], rows[0]["again"]) == (
        "1970-01-01T00:00:01+00:00",
        "3",
        "price,kind",
        "",
    )
    async with program.session.get(f"{OPINION}/answers.jsonl?since=1002") as response:
        (line,) = (await response.text()).splitlines()
    assert json.loads(line)["answers"] == {"stars": "3", "why": "price,kind", "more": formula}


async def test_every_survey_is_listed_and_so_are_questions_that_are_no_longer_asked(served_on_sqlite, published):
    client, answer = served_on_sqlite
    publisher = Publisher(published)
    publisher.put("survey", "m", "moving", questions=[{"id": "old", "text": "The old one?", "kind": "yes_no"}])
    await answer(1, survey="moving", old="true")
    publisher.put("survey", "m", "moving", questions=[{"id": "new", "text": "The new one?", "kind": "yes_no"}])
    await answer(2, stars="1")
    program = client(TOKEN)
    _, listed = await program.call("GET", "/api/surveys")
    assert {one["reference"]: (one["attached"], one["answered"], one["in_service"]) for one in listed["surveys"]} == {
        "elsewhere": (0, 0, True), "moving": (1, 1, True), "nowhere": (0, 0, True), "opinion": (1, 1, True), "short": (0, 0, True),
    }  # fmt: skip
    publisher.put("survey", "m", "moving", status="deleted")
    async with asyncio.timeout(PATIENCE_SECONDS):  # the office follows the definitions, and hears of it in its own time
        while True:
            _, summary = await program.call("GET", "/api/surveys/moving/summary")
            if all(question["retired"] for question in summary["questions"]):
                break
            await asyncio.sleep(0.05)
    assert [(question["id"], question["retired"], question["answered"]) for question in summary["questions"]] == [("old", True, 1)]


async def test_what_cannot_be_asked_is_refused(served):
    client, _ = served
    program = client(TOKEN)
    for path, status in (
        ("/api/surveys/missing/summary", 404),
        ("/api/surveys/a%00b/answers", 404),
        ("/api/surveys/x'%20OR%201=1--/answers.csv", 404),
        (f"{OPINION}/answers?limit=0", 400),
        (f"{OPINION}/answers?after=nonsense", 400),
        (f"{OPINION}/answers?since=-1", 400),
        (f"{OPINION}/summary?until=1e99", 400),
        (f"{OPINION}/summary?where=1", 400),
    ):
        assert (await program.call("GET", path))[0] == status, path


async def test_answers_are_for_those_who_have_the_role(served_on_sqlite):
    client, answer = served_on_sqlite
    await answer(1, stars="1")
    cleo, ana = client(), client()
    await cleo.sign_in("cleo")
    await ana.sign_in("ana")
    for path in ("/api/surveys", f"{OPINION}/summary", f"{OPINION}/answers", f"{OPINION}/answers.csv", f"{OPINION}/answers.jsonl"):
        assert (await client().call("GET", path))[0] == 401
        assert (await cleo.call("GET", path))[0] == 403
        assert (await ana.call("GET", path))[0] == 200


def question(kind, **choices):
    return Question("q", "?", kind, choices, required=False)


def test_choices_of_an_earlier_edition_count_as_others():
    found = summed(question("choices", a="A", b="B"), {"a,b": 2, "a,gone": 1, "gone": 1})
    assert (found["counts"], found["others"], found["answered"]) == ({"a": 3, "b": 2}, 2, 4)


@pytest.mark.parametrize(
    ("counts", "score"), [({"10": 1}, 100), ({"0": 1}, -100), ({"7": 2, "8": 1}, 0), ({"9": 1, "6": 1, "8": 1}, 0), ({"10": 2, "5": 1}, 33)]
)
def test_the_score_is_promoters_less_detractors(counts, score):
    assert summed(question("nps"), counts)["score"] == score


def test_without_answers_there_is_no_mean_and_no_score():
    assert "mean" not in summed(question("rating"), {})
    assert "score" not in summed(question("nps"), {})


async def test_the_page_shows_answers_and_runs_no_script_of_a_customer(served_on_sqlite, tmp_path):
    client, answer = served_on_sqlite
    await answer(1, stars="5", again="10", why="price,kind", how="web", solved="true", more=f"Very good.\n{EVIL}")
    await answer(2, stars="4", again="9", why="kind", solved="false")
    await answer(3, stars="2", again="3", how="sms", more="Slow.")
    await answer(4, survey="short")
    address = client().address
    async with running_browser(tmp_path / "browser") as browser:
        async with browser.page(f"{address}/surveys/", width=1280, height=900) as page:
            await sign_in(page)
            await page.arrives("document.querySelectorAll('tbody tr').length >= 4")
            await looked_at(page, "surveys")
            await page.value("[...document.querySelectorAll('main a')].find((link) => link.textContent === 'Opinion').click()")
            await page.until("document.querySelectorAll('.answers tbody tr').length === 3")
            assert EVIL in await page.value("document.querySelector('.answers').textContent")
            assert await page.value("document.querySelector('[data-question=stars] .figure').textContent") == "3.67"
            assert await page.value("document.querySelector('[data-question=again] .figure').textContent") == "+33"
            width = "document.querySelectorAll('[data-question=stars] .track span')[4].getBoundingClientRect().width"
            assert await page.value(width) > 5
            assert await page.value("document.title") == "Surveys"
            assert await page.value("document.querySelectorAll('main img, main script').length") == 0
            await looked_at(page, "survey_office")
        for dark in (False, True):
            async with browser.page(f"{address}/surveys/#opinion", width=390, height=844, dark=dark) as page:
                await page.until("document.querySelectorAll('.answers tbody tr').length === 3")
                assert await page.fits(), "nothing is wider than the window"
                await looked_at(page, f"survey_office_phone_{dark}")
        assert [line for line in browser.complaints if "status of 401" not in line] == []  # nobody was signed in at first
