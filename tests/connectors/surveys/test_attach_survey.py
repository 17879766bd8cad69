"""Every outcome of AttachSurvey, on SQLite and on PostgreSQL."""

import asyncio
import json

import pytest
from sqlalchemy import select

from connectors.framework.errors import Refused, Retry
from connectors.framework.settings import SettingsError
from connectors.surveys import tables
from connectors.surveys.links import SurveyLinks
from schemas.deployment import Deployment
from tests.connectors.messaging.sms_server import SmsServer
from tests.connectors.postgresql_server import PostgresqlServer
from tests.connectors.surveys.conftest import around, attach, connecting

FROM, CUSTOMER = "+14155550100", "+33612345678"
BY_SMS = {"channel": "sms", "account": FROM, "address": CUSTOMER}


@pytest.fixture
async def connector(published, sql_url):
    async with connecting(around(published, sql_url)) as made:
        yield made


async def rows(connector, table=tables.attachment):
    async with connector._database.reading() as connection:
        return (await connection.execute(select(table))).all()


async def refused(connector, *arguments, **changes):
    with pytest.raises(Refused) as raised:
        await attach(connector, *arguments, **changes)
    return raised.value.outcome or "error", raised.value.reason


async def test_a_survey_of_our_own_is_attached_with_a_link(connector):
    outcome = await attach(connector, locale="de")
    (row,) = await rows(connector)
    assert outcome.outcome == "ok"
    assert connector._links.attachment(outcome.values["link"].rpartition("/")[2]) == row.id
    assert outcome.values["link"].startswith("http://127.0.0.1:8080/surveys/")
    assert (row.interaction_id, row.conversation_id, row.command_id, row.survey, row.locale) == ("c1-1", "c1", "c1-1-1", "opinion", "de")
    assert row.expires_at - row.attached_at == 30 * 86_400_000
    assert row.answered_at is None


async def test_a_survey_of_an_outside_provider_is_attached_without_a_link_of_ours(connector):
    outcome = await attach(connector, survey="elsewhere", url="https://polls.example/7")
    (row,) = await rows(connector)
    assert (outcome.outcome, dict(outcome.values), row.edition) == ("ok", {}, None)


async def test_a_survey_that_is_not_there_is_not_found(connector):
    assert await refused(connector, survey="missing") == ("reference_not_found", "reference_not_found")
    assert await refused(connector, survey="'; DROP TABLE surveys_answers; --") == ("reference_not_found", "reference_not_found")
    assert await rows(connector) == []


async def test_a_survey_that_nobody_could_answer_is_refused(connector):
    assert await refused(connector, survey="nowhere") == ("error", "refused")
    assert await rows(connector) == []


async def test_an_interaction_keeps_its_first_survey(connector):
    first = await attach(connector)
    for number, survey in enumerate(("opinion", "short", "missing", "elsewhere"), start=1):
        assert dict((await attach(connector, number, survey=survey)).values) == dict(first.values)
    assert dict((await attach(connector, 1, "c2")).values) != dict(first.values)
    assert len(await rows(connector)) == 2
    assert len(await rows(connector, tables.edition)) == 1


async def test_of_many_at_the_same_time_one_is_attached_and_all_have_its_link(published, sql_url):
    surroundings = around(published, sql_url)
    async with connecting(surroundings) as one, connecting(surroundings) as two:
        outcomes = await asyncio.gather(*(attach((one, two)[number % 2], number) for number in range(20)))
        assert len({outcome.values["link"] for outcome in outcomes}) == 1
        assert len(await rows(one)) == 1


def test_a_link_without_https_is_for_this_machine_only():
    def links(public_url):
        return SurveyLinks(around(Deployment(), "sqlite://", public_url=public_url)).url("x")

    for public_url in ("http://127.0.0.1:8080", "http://localhost", "http://[::1]:1", "http://chat.localhost", "https://chat.example.org"):
        assert links(public_url).startswith(f"{public_url}/surveys/")
    for public_url in ("http://chat.example.org", "http://10.0.0.1", "http://127.0.0.1.example.org", "http://notlocalhost"):
        with pytest.raises(SettingsError, match="PUBLIC_URL: expected https, or http with a host of this machine"):
            links(public_url)


async def test_a_store_that_is_down_is_tried_again(published):
    with PostgresqlServer() as server:
        async with connecting(around(published, server.url("postgres"))) as connector:
            server.stop()
            with pytest.raises(Retry, match="unreachable"):
                await attach(connector)
            server.start()
            assert (await attach(connector)).outcome == "ok"


# Invitations by the connector itself.


@pytest.fixture
async def inviting(published, redis_server, sql_url):
    async with SmsServer() as server:
        accounts = json.dumps({"main": server.account()})
        deployment = published.model_copy(update={"redis_url": redis_server.url})
        settings = {"SMART_ROUTING_SMS_GATEWAY_ACCOUNTS": accounts, "SMART_ROUTING_SMS_GATEWAY_SETTLED_SECONDS": "0.5"}
        async with connecting(around(deployment, sql_url, **settings)) as connector:
            yield connector, server


async def test_a_customer_with_a_phone_number_is_invited_once(inviting):
    connector, server = inviting
    first = await attach(connector, envelope=BY_SMS, invites=True, locale="fr_FR")
    assert dict((await attach(connector, envelope=BY_SMS, invites=True)).values) == dict(first.values)
    assert dict((await attach(connector, 2, envelope=BY_SMS, invites=True)).values) == dict(first.values)
    (message,) = server.messages
    link = first.values["link"]
    assert (message.sender, message.recipient, message.body) == (FROM, CUSTOMER, f"Comment avons-nous fait ? Dites-le-nous : {link}")
    (row,) = await rows(connector)
    assert row.invited_at is not None


async def test_a_command_of_another_survey_invites_to_none(inviting):
    connector, server = inviting
    server.faults.append("lose_request")
    elsewhere = {"survey": "elsewhere", "url": "https://polls.example/7", "invites": True}
    with pytest.raises(Retry, match="unreachable"):
        await attach(connector, envelope=BY_SMS, **elsewhere)
    assert (await attach(connector, 2, envelope=BY_SMS, invites=True)).values == {}
    assert server.messages == [], "its own address is not that of the survey that is attached"
    await asyncio.sleep(0.6)
    await attach(connector, 3, envelope=BY_SMS, **elsewhere)
    assert [message.body for message in server.messages] == ["How did we do? Please tell us: https://polls.example/7"]


async def test_a_customer_on_whatsapp_is_invited_by_the_sender_that_is_set(published, redis_server, sqlite_url):
    async with SmsServer() as server:
        deployment = published.model_copy(update={"redis_url": redis_server.url})
        settings = {
            "SMART_ROUTING_SMS_GATEWAY_ACCOUNTS": json.dumps({"main": server.account()}),
            "SMART_ROUTING_SURVEYS_SMS_SENDER": FROM,
        }
        whatsapp = {"channel": "whatsapp", "account": "line", "address": CUSTOMER.removeprefix("+")}
        async with connecting(around(deployment, sqlite_url, **settings)) as connector:
            await attach(connector, envelope=whatsapp, invites=True, survey="elsewhere", url="https://polls.example/7")
        (message,) = server.messages
        assert (message.recipient, message.body) == (CUSTOMER, "How did we do? Please tell us: https://polls.example/7")


async def test_a_customer_who_cannot_be_invited_has_nothing_attached(inviting):
    connector, server = inviting
    for envelope in (
        {"channel": "web_chat", "account": "demo", "address": CUSTOMER},
        {"channel": "sms", "account": "line", "address": CUSTOMER},
        {"channel": "whatsapp", "account": FROM, "address": CUSTOMER},
        {"channel": "sms", "account": FROM, "address": "+3361234\r\nBcc: all"},
        {**BY_SMS, "address": "+33142685300"},  # which the gateway refuses: no mobile phone
    ):
        assert await refused(connector, envelope=envelope, invites=True) == ("error", "refused"), envelope
        assert (await rows(connector), server.messages) == ([], [])


async def test_a_gateway_that_does_not_answer_is_tried_again_and_invites_once(inviting):
    connector, server = inviting
    server.faults.append("lose_answer")
    with pytest.raises(Retry, match="unreachable"):
        await attach(connector, envelope=BY_SMS, invites=True)
    await asyncio.sleep(0.6)
    assert (await attach(connector, envelope=BY_SMS, invites=True)).outcome == "ok"
    assert len(server.messages) == 1
    assert len(await rows(connector)) == 1


async def test_without_a_gateway_nobody_is_invited(published, redis_server, sqlite_url):
    deployment = published.model_copy(update={"redis_url": redis_server.url})
    async with connecting(around(deployment, sqlite_url)) as connector:
        assert await refused(connector, envelope=BY_SMS, invites=True) == ("error", "unreachable")
        assert await rows(connector) == []
