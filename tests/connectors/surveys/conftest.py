"""Surveys that are published, for all tests of the family; the store is each test's own."""

import secrets
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, DummyCookieJar, web

from connectors.framework.context import Context
from connectors.framework.settings import ConnectorSettings
from connectors.framework.surroundings import Surroundings
from connectors.surveys import public
from connectors.surveys.connector import SurveysConnector
from processor.engine.entities.survey import SurveyDefinition
from schemas.deployment import Deployment
from smart_routing.topic_admin import TopicAdmin
from tests.connectors.command_bench import QUICK, CommandBench
from tests.connectors.conftest import KEY
from tests.connectors.test_definitions import Publisher

EVIL = "<img src=x onerror=\"document.title='stolen'\"><script>document.title='stolen'</script>"

OPINION = {
    "name": "Opinion",
    "title": {"en": "How did we do?", "de": "Wie waren wir?"},
    "introduction": "Two minutes.",
    "thanks": {"en": "Thanks a lot.", "de": "Tausend Dank."},
    "questions": [
        {"id": "stars", "text": {"en": "How was it?", "de": "Wie war es?"}, "kind": "rating", "required": True},
        {"id": "again", "text": "Would you recommend us?", "kind": "nps"},
        {
            "id": "why",
            "text": "What counted?",
            "kind": "choices",
            "choices": [{"id": "price", "text": "The price"}, {"id": "kind", "text": {"en": "Kindness", "de": "Freundlichkeit"}}],
        },
        {
            "id": "how",
            "text": "How did you reach us?",
            "kind": "choice",
            "choices": [{"id": "web", "text": "Web"}, {"id": "sms", "text": "SMS"}],
        },
        {"id": "solved", "text": "Is it solved?", "kind": "yes_no"},
        {"id": "more", "text": f"Anything else? {EVIL}", "kind": "text"},
    ],
}
ALL = {"stars": "4", "again": "10", "why": ["kind", "price"], "how": "sms", "solved": "true", "more": "Good."}


@contextmanager
def publishing(kafka, **more):
    """A deployment with surveys: on our page, elsewhere, and nowhere."""
    deployment = Deployment(
        bootstrap_servers=kafka, topic_prefix=f"test-{secrets.token_hex(4)}.", partitions=2, conversation_key=KEY, **more
    )
    topics = deployment.topics
    wanted = {topics.definitions, topics.commands("surveys"), topics.responses, topics.dead_letters}
    with TopicAdmin(kafka) as admin:
        admin.create([spec for spec in topics.specs(2) if spec.name in wanted])
        publisher = Publisher(deployment)
        SurveyDefinition.model_validate({"id": "o", "reference": "opinion", **OPINION})  # what is asked here can be published
        publisher.put("survey", "o", "opinion", **OPINION)
        publisher.put("survey", "e", "elsewhere", url="https://polls.example/7")
        publisher.put("survey", "n", "nowhere")
        publisher.put("survey", "s", "short", questions=[{"id": "stars", "text": "Well?", "kind": "rating"}])
        yield deployment
        admin.delete(wanted)


@pytest.fixture(scope="module")
def published(kafka):
    with publishing(kafka) as deployment:
        yield deployment


@pytest.fixture
def sqlite_url(tmp_path):
    """The address of an empty database where PostgreSQL would show nothing else."""
    return f"sqlite:///{tmp_path / 'connectors.db'}"


@pytest.fixture
def family_bench(kafka, redis_server):
    """Kafka's side of the connector, with topics of the test's own."""
    with publishing(kafka, redis_url=redis_server.url) as deployment:
        made = CommandBench(deployment, "surveys")
        yield made
        made.close()


def around(deployment, sql_url, *, public_url="http://127.0.0.1:8080", **environment):
    settings = ConnectorSettings.model_validate({**QUICK.model_dump(), "public_url": public_url, "link_secret": "a secret of the tests"})
    return Surroundings(deployment, settings, {"SMART_ROUTING_SQL_URL": sql_url, **environment})


@asynccontextmanager
async def connecting(surroundings):
    made = SurveysConnector(surroundings)
    try:
        await made.open()
        yield made
    finally:
        await made.close()


def attachment(**changes):
    """Body of a command that is carried out."""
    return {"survey": "opinion", "url": None, "invites": False, "locale": None, **changes}


def context(number=1, conversation="c1", body=None, **more):
    envelope = {
        "command_id": f"{conversation}-1-{number}",
        "conversation_id": conversation,
        "interaction_id": f"{conversation}-1",
        "flow": "main",
        "channel": "web_chat",
        "account": "demo",
        "address": "somebody",
        "body": ("smart_routing.AttachSurvey", body or attachment()),
        **more,
    }
    return Context(envelope["command_id"], conversation, None, envelope)


async def attach(connector, number=1, conversation="c1", envelope=(), **changes):
    body = attachment(**changes)
    return await connector.attach_survey(body, context(number, conversation, body, **dict(envelope)))


class Customer:
    """A browser without scripts and cookies."""

    def __init__(self, session, address):
        self.session = session
        self.address = address

    async def get(self, link, **headers):
        async with self.session.get(self.address + path_of(link), headers=headers) as response:
            return response.status, await response.text(), response.headers

    async def post(self, link, data, content_type="application/x-www-form-urlencoded", **headers):
        headers = {"Content-Type": content_type, **headers}
        async with self.session.post(self.address + path_of(link), data=data, headers=headers, allow_redirects=False) as response:
            return response.status, await response.text(), response.headers

    async def answer(self, link, answers, mark=None, **headers):
        """Fill in the form that the page shows, and send it."""
        if mark is None:
            _, page, _ = await self.get(link)
            mark = mark_of(page)
        pairs = [(f"answer.{name}", one) for name, value in answers.items() for one in ([value] if isinstance(value, str) else value)]
        return await self.post(link, urlencode([("form", mark), *pairs]), **headers)


def path_of(link):
    return "/surveys/" + link.rpartition("/")[2]


def mark_of(page):
    return page.partition('name="form" value="')[2].partition('"')[0]


@asynccontextmanager
async def serving_page(surroundings):
    """Serve the page as the gateway does; gives a customer."""
    application = web.Application()
    public.mount(application, surroundings)
    runner = web.AppRunner(application, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with ClientSession(cookie_jar=DummyCookieJar()) as session:
            yield Customer(session, address)
    finally:
        await runner.cleanup()
