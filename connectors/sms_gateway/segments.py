"""How many segments a text takes on its way.

3GPP TS 23.038 has two alphabets for texts: the 7-bit default alphabet with its extension table, and UCS-2. Parts of a longer text give
six of their 140 octets to the header that joins them (TS 23.040, 9.2.3.24.1).
"""

from typing import Final

from gsm0338 import Codec

_SEPTETS: Final = 160
_SEPTETS_OF_A_PART: Final = 153
_UNITS: Final = 70
_UNITS_OF_A_PART: Final = 67
_GSM: Final = Codec()
_ESCAPE: Final = "\x1b"  # no character, although the codec has it: it says that the next one is of the extension table


def segments_of(text: str) -> int:
    """Return the number of segments. A character of two septets or two UTF-16 units is never divided between two parts."""
    try:
        if _ESCAPE in text:
            return _parts([_units(character) for character in text], _UNITS, _UNITS_OF_A_PART)
        return _parts([len(_GSM.encode(character)[0]) for character in text], _SEPTETS, _SEPTETS_OF_A_PART)
    except UnicodeEncodeError:
        return _parts([_units(character) for character in text], _UNITS, _UNITS_OF_A_PART)


def _units(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1


def _parts(widths: list[int], whole: int, part: int) -> int:
    if sum(widths) <= whole:
        return 1
    parts, filled = 1, 0
    for width in widths:
        if filled + width > part:
            parts, filled = parts + 1, 0
        filled += width
    return parts
