"""Texts in the language of whoever reads them."""

from collections.abc import Iterable, Mapping
from typing import Final

from babel.core import Locale, UnknownLocaleError, parse_locale

Wording = str | Mapping[str, str]
"""A text in the survey's language, or language → text."""

_ACCEPTED: Final = 10


def language_of(wanted: Iterable[str], available: Iterable[str], otherwise: str) -> str:
    """Return the first language that is wanted and there: itself, or another form of it, as `pt-BR` for `pt`; else `otherwise`."""
    there = {_key(language): language for language in available}
    for language in wanted:
        key = _key(language)
        primary = key.partition("-")[0]
        if key in there:
            return there[key]
        for other, found in there.items():
            if other.partition("-")[0] == primary:
                return found
    return otherwise


def worded(wording: Wording, language: str, otherwise: str) -> str:
    """Return a text in a language; where it has none, in `otherwise`, and where it has not that either, in any."""
    if isinstance(wording, str):
        return wording
    return wording[language_of([language, otherwise], wording, min(wording))]


def languages_of(wordings: Iterable[Wording], language: str) -> list[str]:
    """Return the languages that texts are in, where those that are given once are in `language`; most used first."""
    found: dict[str, int] = {}
    for wording in wordings:
        for one in [language] if isinstance(wording, str) else wording:
            found[one] = found.get(one, 0) + 1
    return sorted(found, key=lambda one: -found[one])


def accepted(header: str) -> list[str]:
    """Return the languages that a browser asks for (Accept-Language; RFC 9110, 12.5.4), the dearest first."""
    ranked = []
    for part in header.split(",")[:_ACCEPTED]:
        language, _, quality = part.strip().partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if language and language != "*" and weight > 0:
            ranked.append((-weight, language))
    return [language for _, language in sorted(ranked, key=lambda one: one[0])]


def is_right_to_left(language: str) -> bool:
    """Whether a language is written from right to left."""
    try:
        return Locale(parse_locale(language, "-")[0]).character_order == "right-to-left"
    except (ValueError, UnknownLocaleError):
        return False


def _key(language: str) -> str:
    return language.strip().replace("_", "-").lower()
