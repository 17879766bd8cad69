"""Dates, kept as ISO 8601."""

import re
import unicodedata
from collections import defaultdict
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from babel import Locale
from babel.dates import get_date_format, get_day_names, get_month_names

if TYPE_CHECKING:
    from processor.engine.flow import Flow

_ISO = re.compile(r"[0-9]{4}(-?)[0-9]{2}\1[0-9]{2}|[0-9]{4}(-?)W[0-9]{2}\2[0-9]")
_NUMERIC = re.compile(r"([0-9]{1,4})\s*[./\-\s]\s*([0-9]{1,2})\s*[./\-\s]\s*([0-9]{1,4})\.?")
_DAY = re.compile(r"([0-9]{1,2})(?:er|e|st|nd|rd|th|°|\.?[oa])?")
_FILLERS = frozenset({"de", "del", "of", "the", "le", "el", "il", "den", "der", "am", "on"})
_MARKS = str.maketrans(dict.fromkeys("年月日년월일", " "))
"""What Chinese, Japanese and Korean write after year, month and day."""

MAX_CHARACTERS = 80


def parse(value: str, flow: "Flow") -> str:
    """Return the date as ISO 8601, read from ISO 8601 or from a form usual in the flow's locale. Years have four digits."""
    try:
        found = _read(value.strip(), flow.locale)
    except ValueError:
        found = None
    if found is None:
        raise ValueError(f"a date, found {value[:40]!r}")
    return found.isoformat()


def _read(value: str, locale: str) -> date | None:
    if len(value) > MAX_CHARACTERS:
        return None
    text = "".join(str(unicodedata.decimal(character, character)) for character in unicodedata.normalize("NFKC", value))
    if _ISO.fullmatch(text):
        return date.fromisoformat(text)
    numeric = _NUMERIC.fullmatch(text.translate(_MARKS).strip())
    return _by_numbers(numeric.groups(), locale) if numeric else _by_names(text, locale)


def _by_numbers(found: tuple[str, ...], locale: str) -> date | None:
    order = "ymd" if len(found[0]) == 4 else _order(locale)
    numbers = dict(zip(order, found, strict=True))
    if len(numbers["y"]) != 4 or len(numbers["m"]) > 2 or len(numbers["d"]) > 2:
        return None
    return date(int(numbers["y"]), int(numbers["m"]), int(numbers["d"]))


def _by_names(text: str, locale: str) -> date | None:
    months, weekdays = _names(locale)
    year = month = day = weekday = None
    for written in _folded(text).replace(",", " ").split():
        word = written.rstrip(".")
        if word in months and month is None:
            month = months[word]
        elif word in weekdays and weekday is None:
            weekday = weekdays[word]
        elif re.fullmatch("[0-9]{4}", word) and year is None:
            year = int(word)
        elif (ordinal := _DAY.fullmatch(word)) and day is None:
            day = int(ordinal[1])
        elif word not in _FILLERS:
            return None
    if year is None or month is None or len(month) > 1 or day is None:
        return None
    found = date(year, min(month), day)
    return found if weekday is None or found.weekday() in weekday else None


def _folded(text: str) -> str:
    """Return the text without case and accents."""
    return "".join(character for character in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(character))


@cache
def _order(locale: str) -> str:
    """Return the order of year, month and day in a locale's short form, such as `dmy`, from CLDR."""
    pattern = str(get_date_format("short", locale=_locale(locale)).pattern)
    return "".join(sorted("ymd", key=pattern.lower().index))


@cache
def _names(locale: str) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """Return month names (1 to 12) and weekday names (Monday is 0) of a locale, wide and abbreviated, folded, from CLDR.

    A few names are the same once they are folded, such as Slovak `st` and `št`: such a name has several numbers.
    """
    known = _locale(locale)
    months: defaultdict[str, set[int]] = defaultdict(set)
    weekdays: defaultdict[str, set[int]] = defaultdict(set)
    for width in ("wide", "abbreviated"):
        for context in ("format", "stand-alone"):
            for names, numbers in ((get_month_names(width, context, known), months), (get_day_names(width, context, known), weekdays)):
                for number, name in names.items():
                    numbers[_folded(name).rstrip(".")].add(number)
    return dict(months), dict(weekdays)


def _locale(locale: str) -> Locale:
    return Locale.parse(locale.replace("-", "_"))
