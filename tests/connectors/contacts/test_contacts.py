"""Contacts are counted, exactly or not at all."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from redis.asyncio import Redis

from connectors.contacts.connector import ContactsConnector
from connectors.contacts.rebuild import RebuildUnderWay, rebuild
from connectors.contacts.settings import ContactsSettings
from connectors.framework.context import Context
from connectors.framework.customers import PreferredAgents, customer_key
from connectors.framework.errors import Refused, Retry
from schemas.conversation import conversation_id
from schemas.deployment import Deployment, DeploymentError
from smart_routing.free_port import free_port
from tests.connectors.command_bench import QUICK, around, in_seconds, running
from tests.connectors.conftest import KEY
from tests.connectors.contacts.journal_bench import DAY, now

ANN = ("whatsapp", "support", "33612345678")
ANN_BY_SMS = ("sms", "38600", "+33612345678")
BOB = ("web_chat", "demo", "bob")


@asynccontextmanager
async def counting(journal, **environment):
    settings = {f"SMART_ROUTING_CONTACTS_{name.upper()}": value for name, value in environment.items()}
    async with running(ContactsConnector(around(journal.deployment, QUICK, **settings)), journal.deployment):
        yield


async def counts(journal, number):
    return {
        answer["command_id"]: answer["values"].get("count", (answer["outcome"], answer["reason"]))
        for answer in await journal.responses(number)
    }


async def test_contacts_over_all_channels_are_counted_but_for_the_one_that_asks(journal):
    journal.contact(*ANN, now() - 40 * DAY)
    journal.contact(*ANN, now() - 20 * DAY)
    journal.contact(*ANN_BY_SMS, now() - 10 * DAY)
    journal.contact(*BOB)
    asking = journal.contact(*ANN)
    journal.ask("ann", *ANN, asking)
    journal.ask("by sms", *ANN_BY_SMS)
    journal.ask("bob", *BOB)
    for _ in range(2):  # the same command twice
        journal.ask("nobody", "sms", "38600", "+33699999999")
    journal.ask("no customer", "sms", "38600", "")
    async with counting(journal):
        assert await counts(journal, 6) == {
            "ann": "2", "by sms": "3", "bob": "1", "nobody": "0", "no customer": ("error", "refused"),
        }  # fmt: skip


async def test_what_is_written_and_not_applied_yet_is_waited_for_and_counted(journal):
    first = journal.began(*ANN, now())
    placed = journal.arrive(first["conversation_id"])
    by_sms = journal.began(*ANN_BY_SMS, now())
    async with counting(journal):
        journal.ask("waits for a worker", *ANN_BY_SMS)
        await asyncio.sleep(1)
        assert await counts(journal, 0) == {}
        journal.apply(first, applied=placed)
        assert await counts(journal, 1) == {"waits for a worker": "1"}

        # The worker's transaction is open: what it will have written is not to be seen yet, and to be counted all the same.
        journal.apply(by_sms, applied=journal.arrive(by_sms["conversation_id"]), commit=False)
        journal.ask("waits for a commit", *ANN)
        await asyncio.sleep(1)
        await counts(journal, 1)
        journal.commit()
        assert (await counts(journal, 2))["waits for a commit"] == "2"

        # One that fails leaves its records in the topic, and nobody may count them.
        again = journal.began(*ANN, now())
        placed = journal.arrive(again["conversation_id"])
        journal.apply(again, applied=placed, commit=False)
        journal.ask("waits for what follows", *ANN)
        await asyncio.sleep(0.5)
        journal.abort()
        await asyncio.sleep(0.5)
        await counts(journal, 2)
        journal.apply(again, applied=placed)
        assert (await counts(journal, 3))["waits for what follows"] == "3"


async def test_the_mark_that_a_transaction_leaves_behind_what_customers_wrote_is_nothing_to_wait_for(journal):
    journal.contact(*ANN)
    async with counting(journal):
        journal.ask("1", *ANN)
        assert (await counts(journal, 1))["1"] == "1"
        for number in range(2, 4):  # as a redriven dead letter does, which is applied; behind it is a mark
            partition, offset = journal.redrive(conversation_id(*ANN, key=KEY))
            journal.apply(applied=(partition, offset))
            journal.ask(str(number), *ANN)
            assert (await counts(journal, number))[str(number)] == "1"


async def test_where_the_workers_do_not_get_there_in_time_there_is_no_count(journal):
    journal.arrive("anyone")
    journal.ask("1", *ANN, deadline=in_seconds(1.5))
    journal.ask("of before", *ANN, until=now() - DAY, since=0)
    journal.ask("late", *ANN, deadline=now() - 1)
    async with counting(journal):
        assert await counts(journal, 3) == {"1": ("error", "timeout"), "of before": "0", "late": ("error", "timeout")}


async def test_the_journal_is_followed_while_nobody_asks_and_what_cannot_be_read_is_passed_over(journal):
    customer = customer_key(*ANN, key=KEY)
    async with Redis.from_url(journal.deployment.redis_url) as redis, counting(journal):
        agents = PreferredAgents(redis, journal.deployment)
        for number in range(3):
            journal.contact(*ANN, now() - number)
        ann = conversation_id(*ANN, key=KEY)
        journal._worker.begin_transaction()
        for partition in range(3):
            for value in (b"garbage", None, journal.codec.encode("end_requested", {"conversation_id": ann, "operator": "x", "note": None})):
                journal._worker.produce(journal.deployment.topics.journal, value, ann.encode(), partition=partition)
        journal._worker.commit_transaction()
        nameless = journal.began(*ANN, now())
        nameless["event"][1]["address"] = ""
        journal.apply(nameless, journal.wrote(ann, "marie", now()), journal.wrote(ann, "eve", now() + 1, disposition="stale"))
        contacts = f"{journal.deployment.topic_prefix}contacts:1:of:{customer}"
        async with asyncio.timeout(30):  # agents are told before the contacts of the same stretch
            while await agents.of(customer) is None or await redis.zcard(contacts) < 3:  # noqa: ASYNC110 - what is awaited is outside of this event loop
                await asyncio.sleep(0.05)
        assert await redis.zcard(contacts) == 3
        assert await agents.of(customer) == "marie"


async def test_a_redis_that_forgot_everything_is_filled_again(journal):
    for number in range(5):
        journal.contact(*ANN, now() - number)
    ann = conversation_id(*ANN, key=KEY)
    journal.apply(journal.wrote(ann, "marie", now()))
    async with Redis.from_url(journal.deployment.redis_url) as redis, counting(journal):
        journal.ask("before", *ANN)
        assert (await counts(journal, 1))["before"] == "5"
        await redis.flushall()
        journal.ask("after", *ANN)
        assert (await counts(journal, 2))["after"] == "5"
        assert await PreferredAgents(redis, journal.deployment).of(customer_key(*ANN, key=KEY)) == "marie"
        journal.contact(*ANN)
        await redis.flushall()
        await asyncio.sleep(1)
        journal.contact(*ANN)
        journal.ask("and once more", *ANN)
        assert (await counts(journal, 3))["and once more"] == "7"


async def test_while_contacts_are_built_anew_every_count_is_right(journal):
    customers = [("web_chat", "demo", f"customer {number}") for number in range(40)]
    journal.apply(*(journal.began(*customer, now() - 1_000 - visit) for visit in range(50) for customer in customers))
    connector = ContactsConnector(around(journal.deployment))
    await connector.open()
    asked, written = [], dict.fromkeys(customers, 50)
    over = asyncio.Event()

    async def ask():
        while not over.is_set():
            for customer in customers[::7]:
                # What is written before the question counts; the answer may hold what is written while it is found.
                before, until = written[customer], now()
                envelope = dict(zip(("channel", "account", "address"), customer, strict=True)) | {"interaction_id": "none"}
                outcome = await connector.count_contacts({"since": 0, "until": until}, Context("1", "c", None, envelope))
                asked.append((before, int(outcome.values["count"]), written[customer]))

    async def write():
        while not over.is_set():
            for customer in customers[::7]:
                await asyncio.to_thread(journal.contact, *customer, at=now() - 1)
                written[customer] += 1

    try:
        tasks = [asyncio.create_task(ask()), asyncio.create_task(write())]
        for _ in range(3):
            await asyncio.sleep(0.3)
            await rebuild(journal.deployment, ContactsSettings(), lambda read, all_: None)
        await asyncio.sleep(0.3)
        over.set()
        await asyncio.gather(*tasks)
    finally:
        over.set()
        await connector.close()
    assert len(asked) > 10
    # A contact is there before its writer knows that it is.
    assert [one for one in asked if not one[0] <= one[1] <= one[2] + 1] == []
    async with Redis.from_url(journal.deployment.redis_url) as redis:
        assert {f"{key!r}".split(":")[1] for key in await redis.keys("*contacts:[0-9]*:*")} == {"4"}


async def test_a_second_rebuild_at_once_is_refused_and_a_wrong_number_is_corrected(journal):
    journal.contact(*ANN)
    said = []
    async with Redis.from_url(journal.deployment.redis_url) as redis, counting(journal, follow="false"):
        journal.ask("1", *ANN)
        assert (await counts(journal, 1))["1"] == "1"
        key = f"{journal.deployment.topic_prefix}contacts:1:of:{customer_key(*ANN, key=KEY)}"
        assert await redis.zadd(key, {"never was": now()})
        journal.ask("2", *ANN, until=now() + 60_000)
        assert (await counts(journal, 2))["2"] == "2"

        def second(read, all_):
            said.append((read, all_))

        await redis.set(f"{journal.deployment.topic_prefix}contacts:rebuilding", "another", px=60_000)
        with pytest.raises(RebuildUnderWay):
            await rebuild(journal.deployment, ContactsSettings(), second)
        assert said == []
        await redis.delete(f"{journal.deployment.topic_prefix}contacts:rebuilding")
        await rebuild(journal.deployment, ContactsSettings(), second)
        assert said
        assert said[-1][0] == said[-1][1]
        journal.ask("3", *ANN, until=now() + 60_000)
        assert (await counts(journal, 3))["3"] == "1"
        assert not await redis.exists(f"{journal.deployment.topic_prefix}contacts:rebuilding")


async def test_a_window_that_goes_back_further_than_the_journal_or_the_retention_is_refused(journal):
    journal.contact(*ANN, now() - 300 * DAY)
    journal.contact(*ANN, now() - DAY)
    async with counting(journal, retention_days="30"):
        journal.ask("in it", *ANN, since=now() - 29 * DAY)
        journal.ask("beyond it", *ANN, since=now() - 31 * DAY)
        assert await counts(journal, 2) == {"in it": "1", "beyond it": ("error", "refused")}
    admin = AdminClient({"bootstrap.servers": journal.deployment.bootstrap_servers})
    topic = journal.deployment.topics.journal
    for partition in range(3):
        admin.delete_records([TopicPartition(topic, partition, -1)])[TopicPartition(topic, partition)].result()
    await rebuild(journal.deployment, ContactsSettings(), lambda read, all_: None)
    async with counting(journal):
        journal.ask("gone", *ANN, since=now() - 29 * DAY)
        answer = {one["command_id"]: one for one in await journal.responses(3)}["gone"]
        assert (answer["outcome"], answer["reason"]) == ("error", "refused")
        assert "and the window begins before that" in answer["detail"]


async def test_two_processes_share_the_journal_and_count_each_contact_once(journal):
    async with counting(journal), counting(journal):
        for number in range(20):
            journal.contact(*ANN, now() - number)
            if number % 5 == 0:
                journal.ask(str(number), *ANN)
        answers = await counts(journal, 4)
        journal.ask("at last", *ANN)
        assert (await counts(journal, 5))["at last"] == "20"
    assert {name: int(count) >= int(name) + 1 for name, count in answers.items()} == dict.fromkeys(answers, True)


async def test_a_redis_that_is_away_is_worth_another_try(journal):
    asking = Context("1", "c", None, {"channel": "sms", "account": "1", "address": "+33612345678", "interaction_id": "i"})
    nobody = f"127.0.0.1:{free_port()}"
    deployment = journal.deployment.model_copy(update={"redis_url": f"redis://{nobody}/0"})
    connector = ContactsConnector(around(deployment, SMART_ROUTING_CONTACTS_FOLLOW="false"))
    await connector.open()
    try:
        with pytest.raises(Retry, match="unreachable"):
            await connector.count_contacts({"since": 0, "until": now()}, asking)
        with pytest.raises(Refused, match="refused: No customer"):
            await connector.count_contacts({"since": 0, "until": now()}, Context("1", "c", None, {**asking.envelope, "account": ""}))
    finally:
        await connector.close()


def test_a_deployment_without_a_secret_to_name_customers_with_is_refused():
    with pytest.raises(DeploymentError, match="SMART_ROUTING_CONVERSATION_KEY"):
        ContactsConnector(around(Deployment()))
