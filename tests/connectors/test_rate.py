"""Rates, on a real Redis."""

import asyncio
import time

import pytest
from redis.asyncio import Redis

from connectors.framework.rate import Rate, Rates, RateTable
from connectors.framework.settings import ConnectorSettings, SettingsError


def rates(redis, rate, family="sms"):
    return Rates(redis, "rate:", family, RateTable({}, rate))


async def test_turns_follow_each_other_at_the_rate(redis_server):
    async with Redis.from_url(redis_server.url) as redis:
        waits = [await rates(redis, Rate(per_second=2)).turn("x", 60) for _ in range(4)]
    assert waits == pytest.approx([0, 0.5, 1, 1.5], abs=0.1)


async def test_a_burst_goes_at_once_and_is_given_back_with_time(redis_server):
    async with Redis.from_url(redis_server.url) as redis:
        mine = rates(redis, Rate(per_second=10, burst=3))
        assert [await mine.turn("x", 60) for _ in range(4)] == pytest.approx([0, 0, 0, 0.1], abs=0.03)
        await asyncio.sleep(0.35)
        assert [await mine.turn("x", 60) for _ in range(2)] == pytest.approx([0, 0], abs=0.03)


async def test_a_turn_that_comes_too_late_is_not_taken(redis_server):
    async with Redis.from_url(redis_server.url) as redis:
        mine = rates(redis, Rate(per_second=1))
        assert await mine.turn("x", 60) == 0
        assert [await mine.turn("x", 0.5) for _ in range(5)] == [None] * 5
        assert await mine.turn("x", 60) == pytest.approx(1, abs=0.1), "those that were not taken hold nobody up"
        assert await mine.turn("x", -1) is None


async def test_connectors_share_a_rate_and_targets_do_not(redis_server):
    async with Redis.from_url(redis_server.url) as one, Redis.from_url(redis_server.url) as another:
        first, second, other = rates(one, Rate(per_second=1)), rates(another, Rate(per_second=1)), rates(one, Rate(per_second=1), "email")
        assert await first.turn("x", 60) == 0
        assert await second.turn("x", 60) == pytest.approx(1, abs=0.1)
        assert await second.turn("y", 60) == 0
        assert await other.turn("x", 60) == 0


async def test_many_at_once_get_a_turn_each(redis_server):
    async with Redis.from_url(redis_server.url) as redis:
        mine, began = rates(redis, Rate(per_second=10)), time.monotonic()
        waits = await asyncio.gather(*(mine.turn("x", 60) for _ in range(200)))
        spent = time.monotonic() - began
    assert len(set(waits)) == 200
    assert 19.9 - spent <= max(waits) <= 19.9


async def test_a_target_that_is_left_alone_leaves_nothing_in_redis(redis_server):
    async with Redis.from_url(redis_server.url) as redis:
        await rates(redis, Rate(per_second=1_000)).turn("x", 60)
        assert 0 < await redis.pttl("rate:sms/x") <= 1_001


async def test_without_a_rate_redis_is_not_asked():
    redis = Redis.from_url("redis://127.0.0.1:1/0")
    assert await Rates(redis, "rate:", "sms", RateTable({"email/*": Rate(per_second=1)}, None)).turn("x", 60) == 0
    await redis.aclose()


async def test_redis_that_goes_away_holds_a_turn_up(redis_server):
    async with Redis.from_url(redis_server.url) as redis:
        mine = rates(redis, Rate(per_second=1_000))
        redis_server.stop()
        task = asyncio.create_task(mine.turn("x", 60))
        await asyncio.sleep(0.3)
        assert not task.done()
        redis_server.start()
        assert await task == pytest.approx(0, abs=0.1)


def test_the_first_pattern_that_fits_counts():
    table = ConnectorSettings.from_environment(
        {
            "SMART_ROUTING_CONNECTORS_RATES": "{'messaging/whatsapp/+331': 80, 'messaging/whatsapp/*': {per_second: 20, burst: 5}, "
            "'*/slow': 0.5}",
            "SMART_ROUTING_CONNECTORS_RATE_PER_SECOND": "100",
            "SMART_ROUTING_CONNECTORS_BURST": "7",
        }
    ).rate_table()
    found = {name: table.of(name) for name in ("messaging/whatsapp/+331", "messaging/whatsapp/+332", "web_service/slow", "web_service/a")}
    assert list(found.values()) == [Rate(per_second=80), Rate(per_second=20, burst=5), Rate(per_second=0.5), Rate(per_second=100, burst=7)]
    assert ConnectorSettings().rate_table().of("web_service/a") is None


@pytest.mark.parametrize(
    "value",
    [
        "{a: 0}",
        "{a: -1}",
        "{a: .nan}",
        "{a: {per_second: 1, bursts: 2}}",
        "{a: {burst: 1}}",
        "[1]",
        "a: [",
        "{a: {per_second: 1, burst: 0}}",
    ],
)
def test_a_rate_that_is_none_is_refused(value):
    with pytest.raises(SettingsError, match="SMART_ROUTING_CONNECTORS_RATES"):
        ConnectorSettings.from_environment({"SMART_ROUTING_CONNECTORS_RATES": value})


def test_settings_with_rates_can_be_handed_on():
    settings = ConnectorSettings.from_environment({"SMART_ROUTING_CONNECTORS_RATES": "{'a/*': 1.5, b: {per_second: 2, burst: 3}}"})
    assert ConnectorSettings.from_environment(settings.to_environment()) == settings
