"""Transcripts in a real Redis."""

import asyncio
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from connectors.messaging import transcript as module
from connectors.messaging.entry import Choice, Entry
from connectors.messaging.transcript import Transcript


@asynccontextmanager
async def transcript(redis_server, expiry_seconds=60.0):
    async with Redis.from_url(redis_server.url) as redis:
        yield Transcript(redis, "t.", expiry_seconds), redis


async def texts(made, start=0):
    said, _ = await made.read("c", start)
    return [Entry.from_json(message.json).text for message in said]


def flow(text):
    return Entry("flow", text)


def customer(text):
    return Entry("customer", text)


async def test_messages_are_kept_in_order_and_each_id_once(redis_server):
    async with transcript(redis_server) as (made, _):
        news = [await made.say("c", message_id, flow(message_id)) for message_id in ("1", "2", "1", "3", "2")]
        assert news == [True, True, False, True, False]
        said, following = await made.read("c")
        assert [message.index for message in said] == [0, 1, 2]
        assert await texts(made) == ["1", "2", "3"]
        assert following == 3
        assert await texts(made, 2) == ["3"]
        assert await texts(made, 3) == []
        assert await made.read("another") == ([], 0)


async def test_an_entry_survives_its_json(redis_server):
    entry = Entry("flow", 'Zoë \u2028 "<b>" \n', (Choice("w1:a", "A"), Choice("w1:b", "B")))
    async with transcript(redis_server) as (made, _):
        await made.say("c", "1", entry)
        (said,), _ = await made.read("c")
    assert Entry.from_json(said.json) == entry
    assert "\n" not in said.json


async def test_said_at_the_same_time_is_said_once_each(redis_server):
    async with transcript(redis_server) as (made, _):
        news = await asyncio.gather(*(made.say("c", str(number % 5), flow(str(number % 5))) for number in range(50)))
        assert sum(news) == 5
        assert sorted(await texts(made)) == ["0", "1", "2", "3", "4"]


async def test_an_answer_is_not_seen_before_the_message_that_it_answers(redis_server):
    async with transcript(redis_server) as (made, _):
        await made.say("c", "0", flow("hello"))
        assert await made.reserve("c", "m1", customer("question"), 60)
        await made.say("c", "1", flow("answer"))
        assert await texts(made) == ["hello"]
        assert (await made.read("c"))[1] == 1
        await made.say("c", "m1", customer("question"))
        assert await texts(made) == ["hello", "question", "answer"]
        assert not await made.reserve("c", "m1", customer("question"), 60)


async def test_a_withdrawn_message_is_nowhere_and_may_be_sent_again(redis_server):
    async with transcript(redis_server) as (made, _):
        await made.reserve("c", "m1", customer("lost"), 60)
        await made.say("c", "1", flow("meanwhile"))
        await made.withdraw("c", "m1")
        assert await texts(made) == ["meanwhile"]
        assert await made.reserve("c", "m1", customer("lost"), 60)
        await made.say("c", "m1", customer("lost"))
        assert await texts(made) == ["meanwhile", "lost"]
        await made.withdraw("c", "m1")
        assert await texts(made) == ["meanwhile", "lost"], "what was said stays"


async def test_a_gateway_that_died_holds_nothing_up_for_good(redis_server):
    async with transcript(redis_server) as (made, _):
        await made.reserve("c", "m1", customer("unsure"), 0.05)
        await made.say("c", "1", flow("next"))
        await asyncio.sleep(0.06)
        assert await texts(made) == ["next"]
        assert await made.reserve("c", "m1", customer("unsure"), 60), "the customer's client sends it again"
        await made.say("c", "m1", customer("unsure"))
        assert await texts(made) == ["unsure", "next"]


async def test_of_a_long_conversation_the_newest_are_kept_under_their_indexes(redis_server, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 3)
    async with transcript(redis_server) as (made, _):
        for number in range(7):
            await made.say("c", str(number), flow(str(number)))
        said, following = await made.read("c", 2)
        assert [(message.index, Entry.from_json(message.json).text) for message in said] == [(4, "4"), (5, "5"), (6, "6")]
        assert following == 7
        assert not await made.say("c", "0", flow("0")), "an id is known longer than its message"
        assert await texts(made, 6) == ["6"]


async def test_of_a_conversation_with_long_messages_the_newest_are_kept(redis_server, monkeypatch):
    monkeypatch.setattr(module, "KEPT_BYTES", 1_200)
    async with transcript(redis_server) as (made, redis):
        for number in range(5):
            assert await made.reserve("c", f"m{number}", customer("x" * 300), 60)
            await made.say("c", f"m{number}", customer("x" * 300))
            await made.reserve("c", f"w{number}", customer("x" * 300), 60)
            await made.withdraw("c", f"w{number}")
        said, following = await made.read("c")
        assert [message.index for message in said] == [6, 8]
        assert following == 10
        messages = await redis.lrange("t.chat:c:messages", 0, -1)
        assert int(await redis.hget("t.chat:c:known", "bytes")) == sum(map(len, messages)) <= 1_200
        await made.say("c", "1", flow("y" * 5_000))
        assert await texts(made) == ["y" * 5_000], "one message is always kept"


async def test_who_knows_more_than_the_transcript_reads_it_from_the_beginning(redis_server):
    async with transcript(redis_server) as (made, _):
        await made.say("c", "1", flow("one"))
        assert await texts(made, 99) == ["one"]


async def test_a_transcript_expires_and_names_no_address(redis_server):
    async with transcript(redis_server, 7.0) as (made, redis):
        await made.say("c", "1", flow("one"))
        keys = sorted([key async for key in redis.scan_iter()])
        assert keys == [b"t.chat:c:known", b"t.chat:c:messages"]
        for key in keys:
            assert 6_000 < await redis.pttl(key) <= 7_000


async def test_news_are_announced_when_there_is_something_to_see(redis_server):
    async with transcript(redis_server) as (made, redis), redis.pubsub() as subscription:
        await subscription.subscribe(made.announcements)
        await made.reserve("c", "m1", customer("a"), 60)
        await made.say("c", "m1", customer("a"))
        await made.say("c", "m1", customer("a"))
        await made.reserve("c", "m2", customer("b"), 60)
        await made.withdraw("c", "m2")
        await made.say("c", "1", flow("d"))
        await redis.publish(made.announcements, "end")
        heard = []
        async for message in subscription.listen():
            if message["type"] == "message":
                heard.append(message["data"])
            if heard[-1:] == [b"end"]:
                break
    assert heard == [b"c", b"c", b"c", b"end"]
