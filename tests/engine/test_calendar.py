"""Documents of calendars."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from processor.engine.entities.calendar import Calendar

BARE: dict[str, Any] = {"id": "k", "reference": "k"}


def refusal(**fields: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        Calendar.model_validate({**BARE, **fields})
    return str(refused.value)


def test_a_calendar_may_say_nothing() -> None:
    bare = Calendar.model_validate(BARE)
    assert bare.timezone is None
    assert bare.weekly_hours.monday == []
    assert bare.exceptions == {}


def test_a_time_zone_is_one_of_the_iana_database() -> None:
    known = Calendar.model_validate({**BARE, "timezone": "Europe/Paris"})
    assert known.timezone == ZoneInfo("Europe/Paris")
    assert known == Calendar.model_validate(known.model_dump())
    for timezone in ("Europe/Atlantis", "", "../etc/passwd", "Europe", 1, ["UTC"]):
        assert "a time zone of the IANA database, such as Europe/Paris, found" in refusal(timezone=timezone)


@pytest.mark.parametrize("hours", ["00:00-24:00", "22:00-06:00", "22:00-00:00", "23:59-24:00", "09:00-09:01"])
def test_hours_go_from_one_time_to_another(hours: str) -> None:
    assert Calendar.model_validate({**BARE, "weekly_hours": {"monday": [hours]}}).weekly_hours.monday == [hours]


@pytest.mark.parametrize(
    "hours",
    ["09:00", "9:00-17:00", "09:00-24:01", "24:00-09:00", "09:60-10:00", "09:00-09:00", "09:00–17:00", "09:00-17:00\n", "٠٩:00-10:00"],
)
def test_other_hours_are_refused(hours: str) -> None:
    assert "hours from one time to another, such as 09:00-17:30, found" in refusal(weekly_hours={"monday": [hours]})


def test_a_day_that_no_week_has_is_refused() -> None:
    assert "Extra inputs are not permitted" in refusal(weekly_hours={"someday": ["09:00-10:00"]})


@pytest.mark.parametrize("day", ["2026-02-29", "2026-13-01", "20260301", "2026-W10-1", "1 March 2026", "", "2026-03-01\n"])
def test_an_exception_is_for_a_date(day: str) -> None:
    assert "a date such as 2026-12-24, found" in refusal(exceptions={day: []})


def test_exceptions_hold_hours() -> None:
    known = Calendar.model_validate({**BARE, "exceptions": {"2028-02-29": ["09:00-10:00"], "2026-12-24": []}})
    assert known.exceptions["2028-02-29"] == ["09:00-10:00"]
    assert "hours from one time to another" in refusal(exceptions={"2026-12-24": ["closed"]})


@pytest.mark.parametrize("holidays", [{"country": "XX"}, {"country": "FR", "subdivision": "BY"}, {"country": "DE", "subdivision": "57"}])
def test_public_holidays_must_be_known(holidays: dict[str, str]) -> None:
    assert "a country and a part of it whose public holidays are known, found" in refusal(public_holidays=holidays)


@pytest.mark.parametrize("country", ["fr", "FRA", "France", "", "__"])
def test_a_country_is_named_by_its_code(country: str) -> None:
    assert "String should match pattern" in refusal(public_holidays={"country": country})
