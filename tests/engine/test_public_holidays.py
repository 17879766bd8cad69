from datetime import date

import pytest

from processor.engine.public_holidays import public_holidays


@pytest.mark.parametrize(
    ("country", "subdivision", "day", "is_one"),
    [
        ("FR", None, "2026-07-14", True),
        ("FR", None, "2026-12-26", False),
        ("FR", "57", "2026-12-26", True),
        ("DE", None, "2026-01-06", False),
        ("DE", "BY", "2026-01-06", True),
        ("US", None, "2026-07-03", True),  # for 4 July, a Saturday
        ("US", None, "2026-07-06", False),
        ("GB", "SCT", "2026-11-30", True),
        ("GB", "ENG", "2026-11-30", False),
    ],
)
def test_public_holidays_are_those_of_the_country_and_its_part(country: str, subdivision: str | None, day: str, is_one: bool) -> None:
    assert (date.fromisoformat(day) in public_holidays(country, subdivision, 2026)) is is_one


def test_only_days_of_the_year_that_was_asked_for_are_given() -> None:
    assert {day.year for year in (2026, 2027) for day in public_holidays("US", None, year)} == {2026, 2027}
    assert {day.year for day in public_holidays("US", None, 2027)} == {2027}


@pytest.mark.parametrize("year", [1969, 1970, 2100, 4200, 9998])
@pytest.mark.parametrize("country", ["FR", "IN", "SA", "CN", "IL", "US"])
def test_a_year_that_nobody_has_computed_is_no_error(country: str, year: int) -> None:
    assert public_holidays(country, None, year) == public_holidays(country, None, year)


@pytest.mark.parametrize(("country", "subdivision"), [("XX", None), ("FR", "BY")])
def test_an_unknown_place_is_an_error(country: str, subdivision: str | None) -> None:
    with pytest.raises(ValueError, match="whose public holidays are known, found"):
        public_holidays(country, subdivision, 2026)
