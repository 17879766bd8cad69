"""The whole way: a command by Kafka, a link, a customer's answer, and the event that tells of it; and processes that are killed."""

import asyncio
import json

import pytest
from pydantic import SecretStr

from connectors.framework.surroundings import Surroundings
from connectors.surveys.connector import SurveysConnector
from connectors.surveys.store import answer, by_id
from tests.connectors.command_bench import PATIENCE_SECONDS, running
from tests.connectors.messaging.sms_server import SmsServer
from tests.connectors.surveys.conftest import ALL, attachment, serving_page
from tests.connectors.test_crash import SETTINGS, program

SIGNING = SETTINGS.model_copy(update={"link_secret": SecretStr("a secret of the tests")})
BY_SMS = {"channel": "sms", "account": "+14155550100", "address": "+33612345678"}


def around(bench, sql_url):
    return Surroundings(bench.deployment, SIGNING, {"SMART_ROUTING_SQL_URL": sql_url})


async def records(bench, number):
    """The records on the topic of responses, by schema, and the key of each."""
    found = await bench.records(bench.deployment.topics.responses, number)
    return [(*bench.codec.decode(record.value()), record.key()) for record in found]


async def test_what_a_customer_answers_is_told_with_the_command_that_asked(family_bench, sql_url):
    bench = family_bench
    surroundings = around(bench, sql_url)
    bench.send("AttachSurvey", attachment(), command_id="1")
    bench.send("AttachSurvey", attachment(survey="missing"), command_id="2", conversation="c2")
    bench.send("AttachSurvey", attachment(), command_id="3", conversation="c3", deadline=1_000)
    bench.send("AttachSurvey", attachment(survey="short"), command_id="4")
    bench.send("AttachSurvey", attachment(), command_id="1")
    async with running(SurveysConnector(surroundings), bench.deployment, SIGNING), serving_page(surroundings) as customer:
        answers = await bench.responses(5)
        said = {answer["command_id"]: (answer["outcome"], answer["reason"]) for answer in answers}
        assert said == {
            "1": ("ok", None),
            "2": ("reference_not_found", "reference_not_found"),
            "3": ("error", "timeout"),
            "4": ("ok", None),
        }
        (link,) = {answer["values"]["link"] for answer in answers if answer["outcome"] == "ok"}
        assert (await customer.answer(link, ALL))[0] == 303
        assert (await customer.answer(link, {"stars": "1"}, "x"))[0] == 303
        *_, (name, told, key) = await records(bench, 6)
    assert (name, key) == ("result_reported", b"c1")
    assert told.pop("reported_at") > 1_700_000_000_000
    assert told == {
        "command_id": "1",
        "connector": "surveys",
        "outcome": "answered",
        "reason": None,
        "values": {"survey": "opinion", **ALL, "why": "price,kind"},
    }


async def test_answers_that_were_kept_while_no_connector_ran_are_told_by_the_next_one(family_bench, sqlite_url):
    bench = family_bench
    surroundings = around(bench, sqlite_url)
    bench.send("AttachSurvey", attachment(), command_id="1")
    async with running(SurveysConnector(surroundings), bench.deployment, SIGNING):
        (attached,) = await bench.responses(1)
    async with serving_page(surroundings) as customer:
        assert (await customer.answer(attached["values"]["link"], {"stars": "2"}))[0] == 303
    async with running(SurveysConnector(surroundings), bench.deployment, SIGNING):
        *_, (name, told, _) = await records(bench, 2)
    assert (name, told["values"]) == ("result_reported", {"survey": "opinion", "stars": "2"})


async def test_an_answer_whose_transaction_breaks_leaves_nothing_to_tell(family_bench, sqlite_url):
    bench = family_bench
    connector = SurveysConnector(around(bench, sqlite_url))
    bench.send("AttachSurvey", attachment(), command_id="1")
    async with running(connector, bench.deployment, SIGNING):
        (attached,) = await bench.responses(1)
        identity = connector._links.attachment(attached["values"]["link"].rpartition("/")[2]) or ""
        begun = asyncio.Event()

        async def interrupted():
            async with connector._database.writing() as connection:
                found = await by_id(connection, identity)
                assert found is not None
                assert await answer(connection, found, {"stars": "2"})
                begun.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(interrupted())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with connector._database.reading() as connection:
            found = await by_id(connection, identity)
        assert found is not None
        assert found.answered_at is None
        await asyncio.sleep(0.6)
        assert len(await records(bench, 1)) == 1


async def test_a_connector_that_is_killed_after_inviting_attaches_and_invites_once(family_bench, postgresql_url, monkeypatch):
    bench = family_bench
    async with SmsServer() as server:
        monkeypatch.setenv("SMART_ROUTING_SQL_URL", postgresql_url)
        monkeypatch.setenv("SMART_ROUTING_SMS_GATEWAY_ACCOUNTS", json.dumps({"main": server.account()}))
        bench.send("AttachSurvey", attachment(invites=True), command_id="1", **BY_SMS)
        async with (
            program(bench.deployment, SIGNING, "-m", "tests.connectors.doomed", "surveys", "AttachSurvey") as process,
            asyncio.timeout(PATIENCE_SECONDS),
        ):
            assert await process.stdout.readline() == b"done, not recorded\n"
        async with program(bench.deployment, SIGNING, "-m", "smart_routing", "connectors", "run", "surveys"):
            (attached,) = await bench.responses(1)
        (message,) = server.messages
    assert attached["outcome"] == "ok"
    assert message.body.endswith(attached["values"]["link"])
    async with serving_page(around(bench, postgresql_url)) as customer:
        assert (await customer.get(attached["values"]["link"]))[0] == 200
