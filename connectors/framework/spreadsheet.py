"""CSV that a spreadsheet opens without running anything (RFC 4180; OWASP, CSV injection)."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

# Spreadsheets read a cell that begins so as a formula, also after white space; full-width forms are folded by some.
_FORMULA: Final = re.compile(r"[\s\x00]*[=+\-@|＝＋－＠\t\r]")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
"""Such as -12.5 or +33612345678: a number is no formula, and programs that read the file want it as it is."""

MIME_TYPE: Final = "text/csv"


def cell(text: str) -> str:
    """Return a text as a cell: what a spreadsheet would take for a formula has an apostrophe before it."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def line(cells: Iterable[str]) -> bytes:
    """Return one line of CSV in UTF-8, its cells neutralised."""
    written = io.StringIO()
    csv.writer(written).writerow([cell(text) for text in cells])
    return written.getvalue().encode()
