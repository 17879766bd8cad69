"""Numbers: decimals of any length that a person would write, in the flow's locale or canonical."""

import re
import unicodedata
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from babel import Locale

if TYPE_CHECKING:
    from processor.engine.flow import Flow

MAX_DIGITS = 60

_CANONICAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_APOSTROPHES = "'’"  # noqa: RUF001 - Swiss grouping is written with either
_MINUS_SIGNS = str.maketrans({"−": "-", "﹣": "-", "－": "-", "＋": "+"})  # noqa: RUF001 - the very characters to map


def parse(value: str, flow: "Flow") -> str:
    """Return a canonical decimal, read as canonical first and in the flow's locale otherwise."""
    try:
        return plain(value)
    except ValueError:
        return localised(value, flow.locale)


def plain(value: str) -> str:
    """Return a canonical decimal (`-1234.5`) read from one; digits of any script."""
    text = _ascii_digits(value.strip())
    if len(text) > MAX_DIGITS or not _CANONICAL.fullmatch(text):
        raise ValueError(f"a number, found {value[:40]!r}")
    return _canonical(text)


def localised(value: str, locale: str) -> str:
    """Return a canonical decimal read from a number as the locale writes it.

    Grouping may be left out, but where it is there it must be in its places. A dot that the locale cannot mean as grouping is a decimal point.
    Exponents, NaN, Infinity and underscores are no numbers.
    """
    text = _ascii_digits(value.strip())
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of at most {MAX_DIGITS} characters, found {len(text)}")
    point, group, sizes = _symbols(locale)
    sign = "-" if text.startswith("-") else ""
    body = text.lstrip("+-") if text[:1] in "+-" and not text[1:2] in ("+", "-") else text
    whole, _, fraction = body.partition(point)
    digits = _ungrouped(whole, group, sizes)
    if digits is not None and (fraction.isascii() and fraction.isdigit() if point in body else True):
        return _canonical(f"{sign}{digits}.{fraction}" if fraction else f"{sign}{digits}")
    if _CANONICAL.fullmatch(text):  # the only reading left
        return _canonical(text)
    raise ValueError(f"a number, found {value[:40]!r}")


def _canonical(text: str) -> str:
    number = Decimal(text)
    shown = format(number, "f")
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return "0" if shown in ("-0", "0", "") else shown


def _ascii_digits(text: str) -> str:
    """Return the text with digits of any script as ASCII, spaces of any kind as one kind, and signs as ASCII."""
    pieces = []
    for character in unicodedata.normalize("NFKC", text).translate(_MINUS_SIGNS):
        digit = unicodedata.decimal(character, None)
        pieces.append(str(digit) if digit is not None else " " if character.isspace() else character)
    return "".join(pieces)


def _ungrouped(whole: str, group: str, sizes: tuple[int, int]) -> str | None:
    """Return the digits of a whole part, or None where it is not digits with grouping in its places."""
    for separator in (group, *((_APOSTROPHES) if group in _APOSTROPHES else ())):
        parts = whole.split(separator)
        if not all(part.isascii() and part.isdigit() for part in parts):
            continue
        if len(parts) == 1:
            return whole
        last, others = sizes
        if len(parts[-1]) == last and all(len(part) == others for part in parts[1:-1]) and 1 <= len(parts[0]) <= others:
            return "".join(parts)
    return None


@cache
def _symbols(locale: str) -> tuple[str, str, tuple[int, int]]:
    """Return a locale's decimal point, grouping sign and group sizes (the last one, the others), from CLDR."""
    known = Locale.parse(locale.replace("-", "_"))
    symbols = known.number_symbols.get("latn") or known.number_symbols[known.default_numbering_system]
    last, others = known.decimal_formats[None].grouping
    group = unicodedata.normalize("NFKC", symbols["group"])
    return symbols["decimal"], group, (last, others)
