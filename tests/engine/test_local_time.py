"""Local time against what the clocks of real places did."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.engine.local_time import after, days_later, local_time, on_day, resolved

ZONES = [ZoneInfo(key) for key in ("Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo", "UTC")]
WALLS = st.datetimes(datetime.fromisoformat("1975-01-01"), datetime.fromisoformat("2100-01-01")).map(
    lambda wall: wall.replace(microsecond=0)
)


@pytest.mark.parametrize(
    ("at", "local"),
    [
        (0, "1970-01-01T01:00:00+01:00"),
        (-1, "1970-01-01T00:59:59.999000+01:00"),
        (1_774_746_000_000 - 1, "2026-03-29T01:59:59.999000+01:00"),
        (1_774_746_000_000, "2026-03-29T03:00:00+02:00"),
        (1_792_890_000_000, "2026-10-25T02:00:00+01:00"),
    ],
)
def test_a_log_time_is_local_to_the_millisecond(at: int, local: str) -> None:
    assert local_time(at, ZONES[0]).isoformat() == local


@given(WALLS, st.sampled_from(ZONES))
def test_a_resolved_time_is_what_the_wall_shows_unless_the_clock_skips_it(wall: datetime, zone: ZoneInfo) -> None:
    found = resolved(wall, zone)
    shown = found.replace(tzinfo=None)
    assert found.tzinfo is zone
    assert found == found.astimezone(UTC).astimezone(zone)
    if shown != wall:
        gap = shown - wall
        assert timedelta() < gap <= timedelta(hours=1)
        before = (found.astimezone(UTC) - gap).astimezone(zone)
        assert found.utcoffset() == (before.utcoffset() or timedelta()) + gap


@given(WALLS, st.sampled_from(ZONES))
def test_of_a_time_that_comes_twice_the_first_is_resolved(wall: datetime, zone: ZoneInfo) -> None:
    found = resolved(wall, zone)
    assert found.fold == 0
    for minutes in (30, 60):
        earlier = (found.astimezone(UTC) - timedelta(minutes=minutes)).astimezone(zone)
        assert earlier.replace(tzinfo=None) != wall


@given(WALLS, st.sampled_from(ZONES), st.integers(-400, 400))
def test_days_keep_the_time_of_day_and_elapsed_time_elapses(wall: datetime, zone: ZoneInfo, count: int) -> None:
    moment = resolved(wall, zone)
    later = days_later(moment, count, zone)
    assert later == resolved(moment.replace(tzinfo=None) + timedelta(days=count), zone)
    assert after(moment, timedelta(hours=count), zone).timestamp() - moment.timestamp() == count * 3600


def test_no_days_later_is_the_same_moment_also_the_second_of_two() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).astimezone(ZONES[0])
    assert days_later(second, 0, ZONES[0]) is second
    assert second.fold == 1


@pytest.mark.parametrize(
    ("wall", "day", "found"), [("2026-02-10", 31, 28), ("2028-02-10", 31, 29), ("2026-04-01", 31, 30), ("2026-12-31", 1, 1)]
)
def test_a_day_that_the_month_does_not_have_is_its_last(wall: str, day: int, found: int) -> None:
    assert on_day(datetime.fromisoformat(wall), day).day == found


@pytest.mark.parametrize("days", [-(10**6), 10**7, 10**30])
def test_beyond_the_calendar_is_an_error(days: int) -> None:
    with pytest.raises((OverflowError, ValueError)):
        days_later(datetime(2026, 1, 1, tzinfo=ZONES[0]), days, ZONES[0])
