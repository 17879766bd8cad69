"""Contacts in Redis: each counts once, whoever reads the journal how often, and whatever Redis loses."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from connectors.contacts.store import ContactStore, GenerationOver
from connectors.contacts.story import AgentWrote, Began, Story
from connectors.framework.customers import PreferredAgents
from schemas.deployment import Deployment
from smart_routing.embedded import EmbeddedRedis
from tests.connectors.contacts.journal_bench import DAY, now

NOW = now()
DEPLOYMENT = Deployment(topic_prefix="test.", partitions=2)


@pytest.fixture
async def redis(redis_server: EmbeddedRedis) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_server.url)
    yield client
    await client.aclose()


@pytest.fixture
async def store(redis: Redis) -> ContactStore:
    return ContactStore(redis, DEPLOYMENT, 30 * DAY)


def began(offset: int, at: int = NOW, customer: str = "ann", conversation: str = "c") -> Began:
    return Began(offset, customer, conversation, f"{conversation}-{offset}", at)


def story(first: int, end: int, *told: Began | AgentWrote, partition: int = 0, lost_until: int | None = None) -> Story:
    return Story(partition, first, end, told, min((event.at for event in told), default=None), lost_until)


async def number(store: ContactStore, customer: str = "ann", since: int = NOW - 10 * DAY, until: int = NOW, but: str = "none") -> int:
    count = await store.count(await store.generation(), customer, since, until, but=but)
    assert count is not None
    return count.number


async def test_a_window_has_both_its_ends_and_the_one_that_asks_is_not_counted(store):
    times = (NOW - 10 * DAY - 1, NOW - 10 * DAY, NOW - 1, NOW, NOW + 1)
    generation = await store.generation()
    await store.take(generation, story(0, 5, *(began(offset, at) for offset, at in enumerate(times))))
    assert await number(store) == 3
    assert await number(store, but="c-3") == 2
    assert await number(store, but="c-4") == 3, "who asks is outside of the window"
    assert await number(store, "bob") == 0
    assert await number(store, since=NOW + 1, until=NOW + 1) == 1


async def test_what_is_read_again_counts_once_and_a_gap_is_told(store):
    generation = await store.generation()
    assert await store.take(generation, story(0, 3, began(0), began(2))) == 3
    assert await store.take(generation, story(0, 3, began(0), began(2))) == 3
    assert await store.take(generation, story(1, 5, began(2), began(4))) == 5
    assert await store.take(generation, story(7, 9, began(8))) == 5, "what lies between is missing: nothing was taken in"
    assert await store.offsets(generation) == {0: 5, 1: 0}
    assert await number(store) == 3


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_any_two_readers_in_any_order_with_losses_in_between_count_what_the_journal_tells(redis, data):
    length = 12
    owners = data.draw(st.lists(st.sampled_from(["ann", "bob", None]), min_size=length, max_size=length))
    journal = [began(offset, NOW - offset, owner, f"c{offset}") for offset, owner in enumerate(owners) if owner]
    await redis.flushall()
    stores = [ContactStore(redis, DEPLOYMENT, 30 * DAY) for _ in range(2)]
    kept = None
    for _ in range(data.draw(st.integers(1, 12))):
        store = data.draw(st.sampled_from(stores))
        first = data.draw(st.integers(0, length - 1))
        end = data.draw(st.integers(first + 1, length))
        await store.take(await store.generation(), story(first, end, *(event for event in journal if first <= event.offset < end)))
        match data.draw(st.sampled_from(["go on", "keep", "lose", "fall back", "rebuild"])):
            case "keep":
                kept = [(key, await redis.dump(key)) for key in await redis.keys("*")]
            case "lose":
                await redis.flushall()
            case "fall back" if kept is not None:
                await redis.flushall()
                for key, value in kept:
                    await redis.restore(key, 0, value)
            case "rebuild":
                aside = await store.new_generation()
                await store.take(aside, story(0, length, *journal), aside=True)
                await store.swap(aside)
        reached = (await store.offsets(await store.generation()))[0]
        for customer in ("ann", "bob"):
            assert await number(store, customer) == sum(event.customer == customer for event in journal if event.offset < reached)
    store, generation = stores[0], await stores[0].generation()
    reached = (await store.offsets(generation))[0]
    await store.take(generation, story(reached, length, *(event for event in journal if event.offset >= reached)))
    for customer in ("ann", "bob"):
        assert await number(store, customer) == sum(event.customer == customer for event in journal)


async def test_what_writes_to_a_generation_that_is_over_is_told_so_and_leaves_nothing(store, redis):
    old = await store.generation()
    await store.take(old, story(0, 1, began(0)))
    new = await store.new_generation()
    await store.take(new, story(0, 2, began(0), began(1)), aside=True)
    assert await number(store) == 1, "what is built aside does not count yet"
    await store.swap(new)
    assert await number(store) == 2
    with pytest.raises(GenerationOver):
        await store.take(old, story(1, 2, began(1)))
    assert await store.count(old, "ann", 0, NOW, but="none") is None
    assert not [key for key in await redis.keys("*") if key.startswith(f"test.contacts:{old}:".encode())]


async def test_clearing_touches_no_other_deployment_and_no_preferred_agent(redis):
    names = ["a.", "a*", "a[1]"]
    stores = [
        ContactStore(redis, Deployment(topic_prefix=name.replace("*", "-").replace("[", "_").replace("]", "_")), DAY) for name in names
    ]
    for store in stores:
        generation = await store.generation()
        await store.take(generation, story(0, 2, began(0), AgentWrote(1, "c", "marie", NOW)))
    before = await redis.dbsize()
    await stores[0].swap(await stores[0].new_generation())
    left = await redis.keys("*")
    assert before - len(left) == 4, "offset, beginning, contacts and conversation"
    assert len([key for key in left if b":preferred:" in key]) == 3


async def test_a_contact_older_than_the_retention_goes_and_a_count_knows_from_when_on_it_is_whole(store, redis):
    generation = await store.generation()
    await store.take(generation, story(0, 1, began(0, NOW - 100 * DAY)))
    young = await store.count(generation, "ann", NOW - 365 * DAY, NOW - 71 * DAY, but="none")
    assert (young.number, young.known_since) == (1, 0), "nothing is older than the retention yet: any window is whole"
    await store.take(generation, story(1, 2, began(1, NOW)))
    found = await store.count(generation, "ann", NOW - 365 * DAY, NOW, but="none")
    assert (found.number, found.known_since) == (1, NOW - 30 * DAY)
    assert await redis.zcard(f"test.contacts:{generation}:of:ann") == 1
    assert 0 < await redis.ttl(f"test.contacts:{generation}:of:ann") <= 38 * 86_400
    assert 0 < await redis.ttl(f"test.contacts:{generation}:in:c") <= 38 * 86_400


async def test_a_journal_whose_beginning_is_gone_says_until_when_contacts_may_be_missing(store):
    generation = await store.generation()
    assert await store.take(generation, story(5, 7, began(5, NOW - 2 * DAY), lost_until=NOW - 2 * DAY)) == 7
    found = await store.count(generation, "ann", NOW - 10 * DAY, NOW, but="none")
    assert (found.number, found.known_since) == (1, NOW - 2 * DAY)


async def test_the_agent_who_wrote_last_is_the_preferred_one_wherever_the_customer_is_known_from(store, redis):
    generation = await store.generation()
    agents = PreferredAgents(redis, DEPLOYMENT)
    await store.take(generation, story(0, 2, began(0), AgentWrote(1, "c", "marie", NOW)))
    assert await agents.of("ann") == "marie", "the conversation began in the same stretch"
    await store.take(generation, story(2, 4, AgentWrote(2, "c", "paul", NOW + 1), AgentWrote(3, "unknown", "eve", NOW + 9)))
    assert await agents.of("ann") == "paul", "the conversation began before"
    aside = await store.new_generation()
    await store.take(aside, story(0, 2, began(0), AgentWrote(1, "c", "marie", NOW)), aside=True)
    assert await agents.of("ann") == "paul", "what is read again replaces nothing that was later"
