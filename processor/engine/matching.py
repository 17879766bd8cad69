"""When two texts count as the same choice."""

import unicodedata
from typing import Final

CHOICE_SEPARATOR: Final = "#"
"""Between a wait's id and a choice's id in what a button sends back."""


def normalised(text: str) -> str:
    """Return the text without what does not count: case (full folding), accents, compatibility forms (NFKC), spaces around and between."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    bare = "".join(character for character in unicodedata.normalize("NFD", folded) if not unicodedata.combining(character))
    return " ".join(unicodedata.normalize("NFKC", bare).split())
