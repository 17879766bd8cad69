"""How wide a text is drawn, reckoned for the wider ones of the usual sans-serif fonts, so that it fits whatever font there is."""

import unicodedata
from itertools import accumulate
from typing import Final

_NARROW: Final = frozenset("ijltfrI.,:;'`|!()[]{}/\\ ")
_BROAD: Final = frozenset("mwMW@%—…→")


def width(text: str, size: float) -> float:
    """Return the width of a line, in the unit of the font's size."""
    return sum(map(_em, text)) * size


def fitted(text: str, size: float, room: float) -> str:
    """Return as much of a line as there is room for, an ellipsis after it where it is cut."""
    if width(text, size) <= room:
        return text
    left = room / size - _em("…")
    kept = sum(reached <= left for reached in accumulate(map(_em, text)))
    return f"{text[:kept].rstrip()}…"


def wrapped(words: list[str], size: float, room: float) -> list[str]:
    """Return words in lines that are no wider than there is room for, unless a single word is."""
    lines: list[str] = []
    for word in words:
        if lines and width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.38
    if character in _BROAD:
        return 0.98
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if unicodedata.combining(character):
        return 0.0
    return 0.71 if character.isupper() else 0.62
