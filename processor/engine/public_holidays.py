"""Public holidays of a country and of its parts, as the package `holidays` knows them."""

import warnings
from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=1024)  # a country's year takes milliseconds, and is asked for on each visit
def public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """Return the days of a year that are public holidays, substitute days included.

    Args:
        country: ISO 3166-1 alpha-2, such as FR.
        subdivision: code of a part of the country that has holidays of its own, such as BY in DE; None for the whole.
        year: of the Gregorian calendar.

    Raises ValueError where country or subdivision are not known.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a year for which a country's moon has not been computed yet
        try:
            return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year, expand=False))
        except NotImplementedError as error:
            where = country if subdivision is None else f"{country} {subdivision}"
            raise ValueError(f"a country and a part of it whose public holidays are known, found {where[:40]!r}") from error
