"""How many SMS a text takes (3GPP TS 23.038 and 23.040)."""

import math
from typing import Final

_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE: Final = frozenset("\f^{}\\[~]|€")
"""Characters of the extension table, which take the place of two."""


def segments(text: str) -> tuple[int, str]:
    """Return the number of SMS that a text takes, and its first character that the GSM alphabet has not; empty where it has all."""
    foreign = next((character for character in text if character not in _GSM and character not in _GSM_TWICE), "")
    if foreign:
        units, one, of_several = len(text.encode("utf-16-be")) // 2, 70, 67
    else:
        units, one, of_several = sum(2 if character in _GSM_TWICE else 1 for character in text), 160, 153
    return (1 if units <= one else math.ceil(units / of_several)), foreign
