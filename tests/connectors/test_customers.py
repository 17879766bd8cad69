"""Customers over all channels, and their preferred agents."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from connectors.framework.customers import PreferredAgents, customer_key
from schemas.conversation import conversation_id
from schemas.deployment import Deployment
from smart_routing.embedded import EmbeddedRedis
from tests.connectors.contacts.journal_bench import DAY, now

KEY = "a key of the tests, long enough"


def customer(channel: str, account: str, address: str) -> str:
    return customer_key(channel, account, address, key=KEY)


def test_one_telephone_number_is_one_customer_over_whatsapp_and_sms():
    written = {
        customer("whatsapp", "support", "33612345678"),
        customer("whatsapp", "sales", "+33 6 12 34 56 78"),
        customer("sms", "38600", "+33612345678"),
        customer("sms", "38600", "+33 (0)6 12 34 56 78"),
    }
    assert len(written) == 1


def test_other_numbers_are_other_customers():
    assert customer("sms", "38600", "+33612345678") != customer("sms", "38600", "+33612345679")


def test_a_number_in_national_form_is_not_taken_for_an_international_one():
    # 2025550123 is written so in Washington; with a plus sign it would be a number of Cairo.
    assert customer("sms", "38600", "2025550123") != customer("sms", "38600", "+2025550123")


def test_what_is_no_telephone_number_is_a_customer_of_its_account():
    for channel, address in (("web_chat", "33612345678"), ("sms", "BANK"), ("sms", "+12"), ("whatsapp", "99999999999999999999")):
        assert customer(channel, "one", address) != customer(channel, "two", address)
        assert customer(channel, "one", address) == customer(channel, "one", address)


def test_a_customer_is_no_conversation_and_needs_the_deployments_secret():
    assert customer("web_chat", "demo", "visitor") != conversation_id("web_chat", "demo", "visitor", key=KEY)
    assert customer("web_chat", "demo", "visitor") != customer_key("web_chat", "demo", "visitor", key=f"{KEY}, another")


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_any_address_names_a_customer_and_parts_never_run_together(channel: str, account: str, address: str):
    named = customer(channel, account, address)
    assert len(named) == 32
    assert named != customer(channel, account + address[:1], address[1:] or " ")


@pytest.mark.parametrize("parts", [("", "a", "b"), ("sms", "", "b"), ("sms", "a", "")])
def test_an_empty_part_is_refused(parts: tuple[str, str, str]):
    with pytest.raises(ValueError, match="expected text, found nothing"):
        customer(*parts)


@pytest.fixture
async def redis(redis_server: EmbeddedRedis) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_server.url)
    yield client
    await client.aclose()


async def test_the_agent_who_had_the_customer_last_is_preferred_in_whatever_order_it_is_told(redis: Redis):
    agents = PreferredAgents(redis, Deployment(topic_prefix="sr."))
    assert await agents.of("c") is None
    at = now()
    assert await agents.record("c", "marie", at)
    assert not await agents.record("c", "paul", at - 1)
    assert await agents.of("c") == "marie"
    assert await agents.record("c", "jürgen", at)
    assert await agents.of("c") == "jürgen"
    assert await agents.of("another") is None


async def test_deployments_keep_their_agents_apart_and_forget_them_a_year_after_they_had_the_customer(redis: Redis):
    agents = PreferredAgents(redis, Deployment(topic_prefix="a."))
    await agents.record("c", "marie", now())
    assert await PreferredAgents(redis, Deployment(topic_prefix="b.")).of("c") is None
    assert 365 * DAY < await redis.pttl("a.contacts:preferred:c") <= 366 * DAY
    await agents.record("built anew", "marie", now() - 300 * DAY)
    assert 65 * DAY < await redis.pttl("a.contacts:preferred:built anew") <= 66 * DAY
    await agents.record("long ago", "marie", now() - 367 * DAY)
    assert await agents.of("long ago") is None
