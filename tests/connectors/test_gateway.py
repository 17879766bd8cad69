"""The web-chat gateway on a real Kafka and a real Redis, with the messaging connector where it needs one."""

import asyncio

import pytest
from aiohttp import ClientSession

from connectors.messaging.connector import MessagingConnector
from connectors.messaging.gateway import gateway_application
from connectors.messaging.message import LARGEST_TEXT_BYTES
from schemas.conversation import conversation_id
from schemas.deployment import Deployment, DeploymentError
from schemas.topics import partition_of
from tests.connectors.chat_bench import QUICK_GATEWAY, gateway
from tests.connectors.command_bench import CommandBench, around, running
from tests.connectors.conftest import KEY

ANN = conversation_id("web_chat", "demo", "ann", key=KEY)
WIDE = {"buttons": 10, "button_length": 20, "list_items": 10, "list_item_length": 24}
NARROW = {**WIDE, "buttons": 0, "list_items": 0}
CHOICES = [{"id": "w1:a", "text": "Order"}, {"id": "w1:b", "text": "Bill"}]


def said(sender, text, choices=()):
    return {"from": sender, "text": text, "choices": list(choices)}


async def inbound(bench, number):
    records = await bench.records(bench.deployment.topics.inbound, number)
    return [(record, bench.codec.decode(record.value())[1]) for record in records]


async def test_a_message_is_accepted_once_kafka_has_it_and_stands_in_the_transcript(bench):
    async with gateway(bench.deployment) as customer:
        body = {"id": "m1", "text": "<b>hé</b>", "name": "Ann", "locale": "fr-FR"}
        assert await customer.post(body) == (202, {"id": "m1"})
        ((record, datum),) = await inbound(bench, 1)
        assert await customer.transcript() == [said("customer", "<b>hé</b>")]
    assert record.key() == ANN.encode()
    assert record.partition() == partition_of(record.key(), 2)
    sent_at = datum.pop("sent_at")
    assert sent_at > 1_700_000_000_000
    assert datum == {
        "message_id": "m1", "channel": "web_chat", "account": "demo", "address": "ann", "text": "<b>hé</b>", "media": [], "choice": None,
        "name": "Ann", "locale": "fr-FR",
    }  # fmt: skip


async def test_each_account_has_conversations_of_its_own(bench):
    settings = QUICK_GATEWAY.model_copy(update={"chat_accounts": ("demo", "bookings")})
    async with gateway(bench.deployment, settings) as customer:
        await customer.write("m1", "hello")
        async with customer.session.post("/accounts/bookings/chat/ann/messages", json={"id": "m1", "text": "a table"}) as response:
            assert response.status == 202
        (first, said_first), (second, said_second) = await inbound(bench, 2)
        assert {said_first["account"], said_second["account"]} == {"demo", "bookings"}
        assert first.key() != second.key()
        async with customer.session.get("/accounts/bookings/chat/ann/messages") as response:
            assert await response.json() == [said("customer", "a table")]
        async with customer.session.get("/accounts/elsewhere/chat/ann/messages") as response:
            assert response.status == 404
            assert (await response.json())["expected"] == "one of demo, bookings"


async def test_the_same_id_again_is_accepted_and_changes_nothing(bench):
    async with gateway(bench.deployment) as customer:
        answers = await asyncio.gather(*(customer.post({"id": "m1", "text": "hello"}) for _ in range(5)))
        answers.append(await customer.post({"id": "m1", "text": "hello"}))
        assert [status for status, _ in answers] == [202] * 6
        assert await customer.transcript() == [said("customer", "hello")]
        await customer.write("m2", "hello")
        assert await customer.transcript() == [said("customer", "hello")] * 2


async def test_trace_context_goes_on_into_kafka(bench):
    async with gateway(bench.deployment) as customer:
        headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
        async with customer.session.post("/chat/ann/messages", json={"id": "1", "text": "x"}, headers=headers) as response:
            assert response.status == 202
        ((record, _),) = await inbound(bench, 1)
    assert record.headers() == [("traceparent", headers["traceparent"].encode())]


async def test_what_the_flow_says_comes_out_buttons_included_and_a_choice_shows_its_buttons_text(bench):
    def send(name, command_id, **body):
        bench.send(name, body, command_id=command_id, conversation=ANN)

    async with gateway(bench.deployment) as customer, running(MessagingConnector(around(bench.deployment)), bench.deployment):
        await customer.write("m1", "hello")
        send("SendMessage", "1", text="Welcome")
        send("SendMessage", "1", text="Welcome")
        send("SendChoices", "2", text="What is it about?", choices=CHOICES, limits=WIDE)
        send("SendChoices", "3", text="And?", choices=CHOICES, limits=NARROW)
        answers = {answer["command_id"]: answer["values"] for answer in await bench.responses(4)}
        assert await customer.post({"id": "m2", "choice": "w1:b"}) == (202, {"id": "m2"})
        assert await customer.post({"id": "m3", "choice": "of no button"}) == (202, {"id": "m3"})
        assert await customer.transcript() == [
            said("customer", "hello"),
            said("flow", "Welcome"),
            said("flow", "What is it about?", CHOICES),
            said("flow", "And?\n1. Order\n2. Bill"),
            said("customer", "Bill"),
            said("customer", "of no button"),
        ]
        _, (_, chosen), _ = sorted(await inbound(bench, 3), key=lambda found: found[1]["message_id"])
    assert answers == {"1": {}, "2": {"rendered": "buttons"}, "3": {"rendered": "numbered"}}
    assert (chosen["choice"], chosen["text"]) == ("w1:b", None)


async def test_an_agents_words_bear_the_agents_name(bench):
    async with gateway(bench.deployment) as customer, running(MessagingConnector(around(bench.deployment)), bench.deployment):
        bench.send("SendMessage", {"text": "Welcome"}, command_id="1", conversation=ANN)
        bench.send("SendMessage", {"text": "How can I help?", "agent": "Anna <b>"}, command_id="2", conversation=ANN)
        await bench.responses(2)
        agents = {"from": "agent", "name": "Anna <b>", "text": "How can I help?", "choices": []}
        assert await customer.transcript() == [said("flow", "Welcome"), agents]


async def test_what_the_connector_cannot_say_is_answered(bench):
    bench.send("SendMessage", {"text": "x"}, command_id="1", channel="pigeon")
    bench.send("SendMessage", {"text": "x"}, command_id="2", account="another")
    bench.send("CheckImage", {"url": "https://127.0.0.1/a.png"}, command_id="3")
    bench.send("CheckImage", {"url": "http://a.example/a.png"}, command_id="4")
    bench.send("SendMessage", {"text": "x" * 900_000}, command_id="5")
    async with running(MessagingConnector(around(bench.deployment)), bench.deployment):
        answers = await bench.answers(5)
    assert answers == {
        "1": ("error", "unknown_channel"),
        "2": ("error", "unknown_account"),
        "3": ("not_an_image", "address_refused"),
        "4": ("not_an_image", "address_refused"),
        "5": ("ok", None),
    }


async def test_events_give_the_transcript_and_then_what_is_added(bench):
    async with gateway(bench.deployment) as customer, running(MessagingConnector(around(bench.deployment)), bench.deployment):
        await customer.write("m1", "one")
        async with customer.events() as following:
            assert await following() == "retry: 2000"
            assert await following.message() == (0, said("customer", "one"))
            await customer.write("m2", "two\nlines")
            assert await following.message() == (1, said("customer", "two\nlines"))
            bench.send("SendMessage", {"text": "three"}, command_id="1", conversation=ANN)
            assert await following.message() == (2, said("flow", "three"))


async def test_events_are_resumed_after_the_last_one_seen(bench):
    async with gateway(bench.deployment) as customer:
        for number in range(4):
            await customer.write(f"m{number}", str(number))
        async with customer.events(last=1) as following:
            assert await following.message() == (2, said("customer", "2"))
            assert await following.message() == (3, said("customer", "3"))
        async with customer.events(last=3) as following:
            await customer.write("m4", "4")
            assert await following.message() == (4, said("customer", "4"))
        async with customer.events(last=1_000) as following:
            assert await following.message() == (0, said("customer", "0"))
        async with customer.session.get("/chat/ann/events", headers={"Last-Event-ID": "x"}) as response:
            assert response.status == 400
            assert (await response.json())["error"] == "Last-Event-ID"


async def test_a_quiet_stream_is_kept_open_by_comments_and_finds_what_was_not_announced(bench):
    async with gateway(bench.deployment) as customer, gateway(bench.deployment) as elsewhere, customer.events() as following:
        assert await following() == "retry: 2000"
        assert await following() == ": still here"
        await elsewhere.write("m1", "by another gateway")
        assert await following.message() == (0, said("customer", "by another gateway"))


async def test_stopping_the_gateway_ends_its_streams(bench):
    async with ClientSession() as session:
        async with gateway(bench.deployment) as customer:
            response = await session.get(customer.session._base_url.joinpath("chat/ann/events"))
        async with asyncio.timeout(2):
            assert (await response.content.read()).startswith(b"retry:")


@pytest.mark.parametrize(
    ("body", "error", "expected"),
    [
        (b"", "body", "JSON"),
        (b"{", "body", "JSON"),
        (b"\xff\xfe", "body", "JSON"),
        (b'{"id": "1", "text": "\\ud800"}', "body", "JSON"),
        (b"[" * 10_000, "body", "JSON"),
        ([], "body", "an object"),
        ({}, "id", "a value"),
        ({"id": "", "text": "x"}, "id", "String should have at least 1 character"),
        ({"id": "x" * 129, "text": "x"}, "id", "String should have at most 128 characters"),
        ({"id": "a\nb", "text": "x"}, "id", "printable characters"),
        ({"id": 1, "text": "x"}, "id", "a valid string"),
        ({"id": "1"}, "body", "text, choice or media"),
        ({"id": "1", "text": None}, "body", "text, choice or media"),
        ({"id": "1", "text": ""}, "text", "String should have at least 1 character"),
        ({"id": "1", "text": 5}, "text", "a valid string"),
        ({"id": "1", "text": "x", "choice": "y"}, "body", "either text or choice"),
        ({"id": "1", "choice": ""}, "choice", "String should have at least 1 character"),
        ({"id": "1", "text": "x", "txet": "y"}, "txet", "no such member"),
        ({"id": "1", "media": [{"url": "http://x/", "mime_type": "image/png"}]}, "media.0.url", "an https address"),
        ({"id": "1", "media": [{"url": "https://x/", "mime_type": "png"}]}, "media.0.mime_type", None),
        ({"id": "1", "text": "x", "locale": "français"}, "locale", None),
    ],
)
async def test_a_wrong_message_gets_where_what_was_expected_and_what_was_found(quiet_gateway, body, error, expected):
    status, answer = await quiet_gateway.post(body)
    assert status == 400
    assert answer.keys() == {"error", "expected", "found"}
    assert answer["error"] == error
    assert expected is None or answer["expected"] == expected
    assert answer["found"]
    assert await quiet_gateway.transcript() == []


@pytest.mark.parametrize(
    "body",
    [
        {"id": "1", "text": "x" * (LARGEST_TEXT_BYTES + 1)},
        {"id": "1", "text": "é" * (LARGEST_TEXT_BYTES // 2 + 1)},
        {"id": "1", "text": "x" * 1_000_000},
        b" " * 5_000_000,
    ],
)
async def test_a_message_that_is_too_long_is_refused(quiet_gateway, body):
    status, answer = await quiet_gateway.post(body)
    assert status == 413
    assert answer["expected"].startswith("at most")


@pytest.mark.parametrize("address", ["x" * 129, "a%0Ab", "%00", "%20", "%E2%80%AE"])
async def test_a_wrong_address_is_refused(quiet_gateway, address):
    for path in ("messages", "events"):
        async with quiet_gateway.session.get(f"/chat/{address}/{path}") as response:
            assert response.status == 400
            assert (await response.json())["error"] == "address"
    assert (await quiet_gateway.post({"id": "1", "text": "x"}, address=address))[0] == 400


@pytest.fixture
async def quiet_gateway(shared_redis):
    """A gateway whose Kafka is not there: what is wrong is told before Kafka is asked, and leaves nothing in Redis."""
    deployment = Deployment(bootstrap_servers="127.0.0.1:1", redis_url=shared_redis.url, embedded=True)
    async with gateway(deployment, ready=False) as customer:
        yield customer


async def test_without_kafka_nothing_is_accepted_and_nothing_stands_in_the_transcript(quiet_gateway):
    status, answer = await quiet_gateway.post({"id": "1", "text": "x"})
    assert (status, answer["error"]) == (503, "kafka")
    assert await quiet_gateway.transcript() == []
    async with quiet_gateway.session.get("/health") as response:
        assert response.status == 503
        assert await response.json() == {"kafka": "does not answer", "redis": "ok"}


async def test_a_kafka_that_goes_away_and_comes_back_takes_the_message_again(embedded_broker, redis_server):
    deployment = Deployment(bootstrap_servers=embedded_broker.bootstrap_servers, partitions=2, redis_url=redis_server.url, embedded=True)
    bench = CommandBench(deployment)
    async with gateway(deployment) as customer:
        await customer.write("m1", "one")
        embedded_broker.set_down()
        assert (await customer.post({"id": "m2", "text": "two"}))[0] == 503
        assert await customer.transcript() == [said("customer", "one")]
        embedded_broker.set_up()
        async with asyncio.timeout(20):
            while (await customer.post({"id": "m2", "text": "two"}))[0] != 202:  # noqa: ASYNC110 - the broker says nothing when it is back
                await asyncio.sleep(0.1)
        assert await customer.transcript() == [said("customer", "one"), said("customer", "two")]
    assert {datum["text"] for _, datum in await inbound(bench, 2)} == {"one", "two"}
    bench.close()


async def test_without_redis_nothing_is_accepted(redis_server):
    deployment = Deployment(bootstrap_servers="127.0.0.1:1", redis_url=redis_server.url, embedded=True)
    redis_server.stop()
    async with gateway(deployment, ready=False) as customer:
        status, answer = await customer.post({"id": "1", "text": "x"})
        assert (status, answer["error"]) == (503, "redis")
        async with customer.session.get("/chat/ann/events") as response:
            assert response.status == 503


async def test_a_gateway_without_the_deployments_secret_does_not_start(redis_server):
    with pytest.raises(DeploymentError, match="SMART_ROUTING_CONVERSATION_KEY"):
        gateway_application(around(Deployment(redis_url=redis_server.url)))
