from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.engine.interval import IntervalKind, moved

PARIS = ZoneInfo("Europe/Paris")
KINDS: tuple[IntervalKind, ...] = ("hours", "days", "weeks", "months")

moments = st.integers(0, 7_258_118_400).map(lambda seconds: seconds * 1000)  # 1970 to 2200
zones = st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "UTC"]).map(ZoneInfo)


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("start", "count", "kind", "end"),
    [
        ("2026-03-02T10:00:00+01:00", 2, "hours", "2026-03-02T12:00:00+01:00"),
        ("2026-03-02T10:00:00+01:00", 0, "hours", "2026-03-02T10:00:00+01:00"),
        ("2026-03-02T10:00:00+01:00", -3, "weeks", "2026-02-09T10:00:00+01:00"),
        # The night in which Paris skips 02:00 to 03:00.
        ("2026-03-29T01:30:00+01:00", 1, "hours", "2026-03-29T03:30:00+02:00"),
        ("2026-03-28T02:30:00+01:00", 1, "days", "2026-03-29T03:30:00+02:00"),
        ("2026-03-30T02:30:00+02:00", -1, "days", "2026-03-29T03:30:00+02:00"),
        ("2026-03-22T02:30:00+01:00", 1, "weeks", "2026-03-29T03:30:00+02:00"),
        ("2026-01-29T02:00:00+01:00", 2, "months", "2026-03-29T03:00:00+02:00"),
        ("2026-03-28T12:00:00+01:00", 1, "days", "2026-03-29T12:00:00+02:00"),
        ("2026-03-28T12:00:00+01:00", 24, "hours", "2026-03-29T13:00:00+02:00"),
        # The night in which it repeats 02:00 to 03:00.
        ("2026-10-25T02:30:00+02:00", 1, "hours", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T02:30:00+01:00", -1, "hours", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:30:00+01:00", 0, "days", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T02:30:00+01:00", 1, "days", "2026-10-26T02:30:00+01:00"),
        ("2026-10-24T02:30:00+02:00", 1, "days", "2026-10-25T02:30:00+02:00"),
        ("2026-10-26T02:30:00+01:00", -1, "days", "2026-10-25T02:30:00+02:00"),
        # Month ends and leap years.
        ("2026-01-31T10:00:00+01:00", 1, "months", "2026-02-28T10:00:00+01:00"),
        ("2026-01-31T10:00:00+01:00", 2, "months", "2026-03-31T10:00:00+02:00"),
        ("2026-03-31T10:00:00+02:00", -1, "months", "2026-02-28T10:00:00+01:00"),
        ("2028-02-29T10:00:00+01:00", 12, "months", "2029-02-28T10:00:00+01:00"),
        ("2028-02-29T10:00:00+01:00", 48, "months", "2032-02-29T10:00:00+01:00"),
        ("2027-12-31T10:00:00+01:00", 2, "months", "2028-02-29T10:00:00+01:00"),
        ("2026-12-15T10:00:00+01:00", 1, "months", "2027-01-15T10:00:00+01:00"),
        ("2026-01-15T10:00:00+01:00", -1, "months", "2025-12-15T10:00:00+01:00"),
    ],
)
def test_hours_are_elapsed_and_the_others_keep_local_time(start: str, count: int, kind: IntervalKind, end: str) -> None:
    assert moved(ms(start), count, kind, PARIS).isoformat() == end


def test_parts_of_a_second_are_left_out() -> None:
    assert moved(1999, 1, "hours", ZoneInfo("UTC")).isoformat() == "1970-01-01T01:00:01+00:00"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [10**12, -(10**12), 10**30, -(10**30), 8_000 * 366 * 24, -2_100 * 366 * 24])
def test_what_is_beyond_the_calendar_is_no_time(kind: IntervalKind, count: int) -> None:
    with pytest.raises(ValueError, match="a time from year 1 to 9999, found one"):
        moved(ms("2026-03-02T10:00:00+01:00"), count, kind, PARIS)


@pytest.mark.parametrize(("count", "year"), [(7973 * 12, 9999), (-2025 * 12, 1)])
def test_the_first_and_the_last_year_are_within_it(count: int, year: int) -> None:
    assert moved(ms("2026-06-15T10:00:00+00:00"), count, "months", ZoneInfo("UTC")).year == year


@given(moments, st.integers(-5000, 5000), zones)
def test_hours_are_as_long_everywhere(at: int, count: int, zone: ZoneInfo) -> None:
    assert moved(at, count, "hours", zone).timestamp() * 1000 - at == count * 3_600_000


@given(moments, st.integers(-5000, 5000), zones)
def test_days_keep_local_time_or_are_moved_out_of_a_gap(at: int, count: int, zone: ZoneInfo) -> None:
    before, after = datetime.fromtimestamp(at / 1000, zone), moved(at, count, "days", zone)
    wanted = before.replace(tzinfo=None) + timedelta(days=count)
    # The longest gap is the day that Samoa left out.
    assert timedelta(0) <= after.replace(tzinfo=None) - wanted <= timedelta(days=1)
    if after.replace(tzinfo=None) != wanted:
        assert wanted.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wanted


@given(moments, st.integers(0, 500), st.integers(0, 500), st.sampled_from(KINDS), zones)
def test_more_is_never_earlier(at: int, one: int, other: int, kind: IntervalKind, zone: ZoneInfo) -> None:
    less, more = sorted((one, other))
    assert moved(at, less, kind, zone).timestamp() <= moved(at, more, kind, zone).timestamp()


@given(moments, st.integers(-400, 400), zones)
def test_a_month_keeps_the_day_or_takes_the_last(at: int, count: int, zone: ZoneInfo) -> None:
    before, after = datetime.fromtimestamp(at / 1000, zone), moved(at, count, "months", zone)
    months = (after.year - before.year) * 12 + after.month - before.month
    if after.replace(tzinfo=None).time() == before.replace(tzinfo=None).time() and months == count:
        assert after.day == before.day or (after.day < before.day and (after + timedelta(days=1)).month != after.month)
