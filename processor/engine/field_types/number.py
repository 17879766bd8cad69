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
"""Characters of a number."""

_CANONICAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_APOSTROPHES = "'’"
"""Swiss grouping is written with either."""

_SIGNS = str.maketrans({"−": "-"})
"""What NFKC leaves of the signs."""


def parse(value: str, flow: "Flow") -> str:
    """Return a canonical decimal, read as canonical first and in the flow's locale otherwise."""
    try:
        return plain(value)
    except ValueError:
        return localised(value, flow.locale)


def plain(value: str) -> str:
    """Return a canonical decimal (`-1234.5`) read from one; digits of any script."""
    text = _ascii_digits(value)
    if not _CANONICAL.fullmatch(text):
        raise ValueError(f"a number, found {value[:40]!r}")
    return shown(Decimal(text))


def localised(value: str, locale: str) -> str:
    """Return a canonical decimal read from a number as the locale writes it, Arabic decimal and grouping signs included.

    Grouping may be left out, but where it is there it must be in its places. A dot that the locale cannot mean as grouping is a decimal
    point. Exponents, NaN, Infinity and underscores are no numbers.
    """
    point, group, sizes = _symbols(locale)
    text = _ascii_digits(value).replace("٫", point).replace("٬", group)
    sign = "-" if text.startswith("-") else ""
    body = text[1:] if text[:1] in ("+", "-") else text
    whole, _, fraction = body.partition(point)
    digits = _ungrouped(whole, group, sizes)
    if digits is not None and (point not in body or _is_digits(fraction)):
        return shown(Decimal(f"{sign}{digits}.{fraction}"))
    if _CANONICAL.fullmatch(text):  # the only reading left
        return shown(Decimal(text))
    raise ValueError(f"a number, found {value[:40]!r}")


def shown(number: Decimal) -> str:
    """Return a finite decimal's canonical text: no exponent, no trailing zeros, no negative zero."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _ascii_digits(text: str) -> str:
    """Return the text, trimmed, with digits of any script, signs and spaces as ASCII; tabs and line breaks stay what they are.

    Raises ValueError where it is longer than any number.
    """
    text = text.strip()
    ascii_only = text.isascii()
    normal = text if ascii_only else unicodedata.normalize("NFKC", text[: MAX_DIGITS + 1])
    if len(text) > MAX_DIGITS or len(normal) > MAX_DIGITS:
        raise ValueError(f"a number of at most {MAX_DIGITS} characters, found more")
    if ascii_only:
        return text
    pieces = []
    for character in normal.translate(_SIGNS):
        digit = unicodedata.decimal(character, None)
        pieces.append(str(digit) if digit is not None else " " if unicodedata.category(character) == "Zs" else character)
    return "".join(pieces)


def _ungrouped(whole: str, group: str, sizes: tuple[int, int]) -> str | None:
    """Return the digits of a whole part, or None where it is not digits with grouping in its places."""
    for separator in (group, *((_APOSTROPHES) if group in _APOSTROPHES else ())):
        parts = whole.split(separator)
        if not all(_is_digits(part) for part in parts):
            continue
        if len(parts) == 1:
            return whole
        last, others = sizes
        if whole[0] == "0":  # nobody groups a leading zero: `0.123` is a decimal, also where a dot groups
            return None
        if len(parts[-1]) == last and all(len(part) == others for part in parts[1:-1]) and 1 <= len(parts[0]) <= others:
            return "".join(parts)
    return None


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


@cache
def _symbols(locale: str) -> tuple[str, str, tuple[int, int]]:
    """Return a locale's decimal point, grouping sign and group sizes (the last one, the others), from CLDR."""
    known = Locale.parse(locale.replace("-", "_"))
    symbols = known.number_symbols.get("latn") or known.number_symbols[known.default_numbering_system]
    last, others = known.decimal_formats[None].grouping
    group = unicodedata.normalize("NFKC", symbols["group"])
    return symbols["decimal"], group, (last, others)
