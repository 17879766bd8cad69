import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from processor.actions import action_types
from processor.console.application import PAGE, PAGE_FILES, Console, console_application
from processor.console.recent import Recent
from processor.flow.publication import prepare
from processor.runtime.publisher import publish
from schemas.deployment import Deployment
from schemas.topics import partition_of
from tests.console.journal import CONVERSATION, STEP, Journal, datum, events

GREETING = {
    "kind": "flow", "ref": "greeting & more", "name": "<Greeting>", "timezone": "Europe/Paris", "locale": "fr", "country": "FR",
    "actions": {
        "start": {"type": "start", "links": {"ok": "hello"}},
        "hello": {"type": "simple_message", "message": "<script>alert(1)</script>", "links": {"ok": "end"}},
    },
}  # fmt: skip


@pytest.fixture
def embedded(embedded_broker):
    return Deployment(bootstrap_servers=embedded_broker.bootstrap_servers, partitions=2, embedded=True)


@asynccontextmanager
async def serving(application):
    async with TestServer(application) as server, ClientSession(server.make_url("/")) as http:
        yield http


@asynccontextmanager
async def console_of(deployment, **settings):
    application = web.Application()
    Console(deployment, action_types(), **settings).mount(application)
    async with serving(application) as http:
        yield http


def publish_flow(deployment, document):
    publish(deployment, lambda log: prepare([("greeting.yaml", document)], log, action_types(), author="test", at=0))


async def take(stream, count):
    async with asyncio.timeout(30):
        return [await anext(stream) for _ in range(count)]


def stream_of(http, last="", conversation=CONVERSATION):
    return events(http, f"/console/conversations/{conversation}/events", last)


async def test_flows_in_service_are_listed_and_drawn(embedded):
    async with serving(console_application(embedded, action_types())) as http:
        assert await (await http.get("/console/flows")).json() == []
        await asyncio.to_thread(publish_flow, embedded, GREETING)
        [flow] = await (await http.get("/console/flows")).json()
        assert (flow["ref"], flow["name"], flow["version"], flow["type"]) == ("greeting & more", "<Greeting>", 1, "start")
        assert flow["actions"] == {"hello": "simple_message", "start": "start"}
        drawing = await http.get("/console/flows/greeting%20%26%20more/1.svg")
        assert drawing.content_type == "image/svg+xml"
        assert "sandbox" in drawing.headers["Content-Security-Policy"]
        text = await drawing.text()
        assert 'data-action="hello"' in text
        assert "<script" not in text


async def test_a_version_that_is_not_in_service_any_more_is_drawn_as_it_was(embedded):
    second = {**GREETING, "actions": {"start": {"type": "start", "links": {"ok": "end"}}}}
    async with serving(console_application(embedded, action_types())) as http:
        for document in (GREETING, second):
            await asyncio.to_thread(publish_flow, embedded, document)
        old, new = [await (await http.get(f"/console/flows/greeting%20%26%20more/{version}.svg")).text() for version in (1, 2)]
        assert ('data-action="hello"' in old, 'data-action="hello"' in new) == (True, False)


async def test_a_flow_that_was_never_published_is_not_found(embedded):
    async with serving(console_application(embedded, action_types())) as http:
        answer = await http.get("/console/flows/none/3.svg")
        assert answer.status == 404
        assert await answer.json() == {"error": "flow", "expected": "a published version of a flow", "found": "none 3"}


async def test_steps_are_told_as_they_are_journalled(embedded):
    journal = Journal(embedded)
    async with serving(console_application(embedded, action_types())) as http:
        stream = stream_of(http)
        await asyncio.to_thread(journal.write, datum(), datum("somebody else"))
        [(kind, first, line)] = await take(stream, 1)
        assert kind == "message"
        assert (line["offset"], line["event"]["text"], line["steps"][0]["action"]) == (int(first), "hello", "ask")
        await asyncio.to_thread(journal.write, datum(text="again", ended="completed", steps=[STEP]))
        [(_, second, line)] = await take(stream, 1)
        assert (line["event"]["text"], line["ended"]) == ("again", "completed")
        kept = await (await http.get(f"/console/conversations/{CONVERSATION}/steps")).json()
        assert (kept["conversation"], kept["complete"]) == (CONVERSATION, True)
        assert [str(line["offset"]) for line in kept["lines"]] == [first, second]


async def test_a_stream_goes_on_after_the_last_event_that_was_seen(embedded):
    await asyncio.to_thread(Journal(embedded).write, *(datum(text=str(number)) for number in range(4)))
    async with serving(console_application(embedded, action_types())) as http:
        told = await take(stream_of(http), 4)
        resumed = await take(stream_of(http, last=told[1][1]), 2)
        assert [line["event"]["text"] for _, _, line in resumed] == ["2", "3"]


async def test_a_stream_says_where_older_lines_are_not_kept(embedded):
    await asyncio.to_thread(Journal(embedded).write, *(datum(text=str(number)) for number in range(4)))
    async with console_of(embedded, recent=Recent(lines=2)) as http:
        await take(stream_of(http), 1)
        told = await take(stream_of(http), 3)
        assert [kind for kind, _, _ in told] == ["gap", "message", "message"]
        assert [line["event"]["text"] for _, _, line in told[1:]] == ["2", "3"]
        assert (await (await http.get(f"/console/conversations/{CONVERSATION}/steps")).json())["complete"] is False


async def test_what_is_no_journal_record_is_passed_over(embedded):
    journal = Journal(embedded)
    async with serving(console_application(embedded, action_types())) as http:
        await asyncio.to_thread(journal.write_bytes, (CONVERSATION, b"garbage"), (CONVERSATION, b"\x00\x00\x00\x00\x63datum"))
        await asyncio.to_thread(journal.write, datum())
        assert [line["event"]["text"] for _, _, line in await take(stream_of(http), 1)] == ["hello"]


async def test_a_quiet_stream_is_kept_open(embedded):
    async with console_of(embedded, heartbeat_seconds=0.05) as http, http.get(f"/console/conversations/{CONVERSATION}/events") as response:
        async with asyncio.timeout(30):
            async for raw in response.content:
                if raw == b": still here\n":
                    break


async def test_a_broker_that_comes_back_is_followed_again(embedded, embedded_broker):
    journal = Journal(embedded)
    await asyncio.to_thread(journal.write, datum(text="before"))
    async with serving(console_application(embedded, action_types())) as http:
        stream = stream_of(http)
        await take(stream, 1)
        embedded_broker.set_down()
        embedded_broker.set_up()
        await asyncio.to_thread(journal.write, datum(text="after"))
        assert [line["event"]["text"] for _, _, line in await take(stream, 1)] == ["after"]


async def test_a_console_that_starts_before_the_broker_waits_for_it(embedded, embedded_broker):
    journal = Journal(embedded)
    await asyncio.to_thread(journal.write, datum())
    embedded_broker.set_down()
    async with serving(console_application(embedded, action_types())) as http:
        stream = stream_of(http)
        waiting = asyncio.create_task(take(stream, 1))
        await asyncio.wait([waiting], timeout=0.2)
        assert not waiting.done()
        embedded_broker.set_up()
        assert [line["event"]["text"] for _, _, line in await waiting] == ["hello"]


@pytest.mark.parametrize("given", ["-2", "one", "1.5", "9" * 30])
async def test_an_event_id_that_is_none_is_refused(embedded, given):
    async with serving(console_application(embedded, action_types())) as http:
        answer = await http.get(f"/console/conversations/{CONVERSATION}/events", headers={"Last-Event-ID": given})
        assert answer.status == 400
        assert await answer.json() == {"error": "Last-Event-ID", "expected": "the id of an event", "found": given}


async def test_a_conversation_id_that_is_none_is_refused(embedded):
    async with serving(console_application(embedded, action_types())) as http:
        answer = await http.get(f"/console/conversations/{'x' * 200}/events")
        assert (answer.status, (await answer.json())["found"]) == (400, "200")


async def test_the_page_and_its_files_are_served_and_allow_no_script_from_elsewhere(embedded):
    assert {path.name for path in PAGE.iterdir()} == {*PAGE_FILES, "index.html"}
    async with serving(console_application(embedded, action_types())) as http:
        for path in ("", *(f"page/{name}" for name in (*PAGE_FILES, "drawing.css"))):
            answer = await http.get(f"/console/{path}")
            assert answer.status == 200, path
            assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
            assert "http://" not in (text := (await answer.text()).replace("http://www.w3.org/", "")), path
            assert "https://" not in text, path
        for missing in ("secrets.txt", "..%2Fapplication.py"):
            assert (await http.get(f"/console/page/{missing}")).status == 404


async def test_an_aborted_transaction_was_never_there(deployment):
    real = deployment(partitions=2)
    journal = Journal(real)
    await asyncio.to_thread(journal.write, datum(text="aborted"), commit=False)
    await asyncio.to_thread(journal.write, datum(text="committed"))
    async with serving(console_application(real, action_types())) as http:
        assert [line["event"]["text"] for _, _, line in await take(stream_of(http), 1)] == ["committed"]


async def test_a_long_journal_is_followed_from_a_bounded_time_ago(embedded, monkeypatch):
    monkeypatch.setattr("processor.console.follower.RECORDS_BACK", 10)
    await asyncio.to_thread(Journal(embedded).write, *(datum(text=str(number)) for number in range(40)))
    recent = Recent()
    async with console_of(embedded, recent=recent) as http:
        told = await take(stream_of(http), 2)
        assert told[0][0] == "gap"
        lines, complete = recent.after(CONVERSATION, partition_of(CONVERSATION.encode(), 2), -1)
        assert not complete
        assert len(lines) <= 10
