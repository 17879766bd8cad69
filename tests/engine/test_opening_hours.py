"""What no single case shows: over a year, hours are open as long as they say, and each stretch is open once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from processor.engine.entities.calendar import Calendar
from processor.engine.opening_hours import is_open

PARIS = ZoneInfo("Europe/Paris")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTE = 60_000


def calendar(*hours: str, **fields: object) -> Calendar:
    return Calendar.model_validate({"id": "k", "reference": "k", "weekly_hours": {day: list(hours) for day in DAYS}, **fields})


def minutes_open(known: Calendar, begin: datetime, end: datetime) -> int:
    first, last = (int(moment.timestamp() * 1000) for moment in (begin, end))
    return sum(is_open(known, at, PARIS) for at in range(first, last, MINUTE))


@pytest.mark.parametrize("day", ["2026-03-02", "2026-03-29", "2026-10-25"])
def test_hours_around_midnight_make_whole_days(day: str) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=PARIS)
    begin, end = noon - timedelta(days=1), noon
    night, daytime = calendar("18:00-06:00"), calendar("06:00-18:00")
    elapsed = round((end.timestamp() - begin.timestamp()) / 60)
    assert minutes_open(night, begin, end) + minutes_open(daytime, begin, end) == elapsed
    assert minutes_open(night, begin, end) == elapsed - 12 * 60


@pytest.mark.parametrize("hours", ["00:00-24:00", "00:00-12:00 12:00-00:00", "02:30-01:00 01:00-02:30", "23:00-02:15 02:15-23:00"])
@pytest.mark.parametrize("day", [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)])
def test_hours_that_join_leave_nothing_out_when_clocks_change(hours: str, day: datetime) -> None:
    known = calendar(*hours.split())
    assert minutes_open(known, day, day + timedelta(days=2)) == 48 * 60


def test_a_stretch_that_ends_within_the_repeated_hour_is_open_once() -> None:
    begin = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert minutes_open(calendar("23:00-02:15"), begin, begin + timedelta(days=1)) == 195


def test_a_calendar_may_be_asked_at_the_ends_of_time() -> None:
    known = calendar("00:00-24:00", public_holidays={"country": "FR"})
    assert is_open(known, 0, PARIS) is False  # New Year's Day
    assert is_open(known, 253_370_764_799_999, ZoneInfo("Pacific/Honolulu")) is True
