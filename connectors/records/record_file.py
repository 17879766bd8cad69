"""Records as CSV (RFC 4180): a line of field names, then a line for each record."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from connectors.framework.errors import Refused
from connectors.framework.spreadsheet import cell, line
from connectors.records.declared_fields import Declared

_FAULTS: Final = 20
_DELIMITERS: Final = ",;\t"


class FileRefused(ValueError):
    """A file that cannot be taken; the message names each line, what was expected and what was found."""


def read_records(content: bytes, declared: Declared) -> list[dict[str, str]]:
    """Return the records of a file, values in canonical text, empty ones left out. Commas, semicolons or tabs stand between values.

    An apostrophe before what a spreadsheet would take for a formula is left out: `write_records` has put it there.

    Raises FileRefused, with the first 20 faults.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused(f"expected UTF-8, found another byte at {error.start}") from error
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    faults: list[str] = []
    records = []
    try:
        names = [name.strip() for name in next(lines, [])]
        _check_names(names, declared)
        for cells in lines:
            if any(cells):
                try:
                    records.append(_record(names, cells, declared))
                except Refused as refused:
                    faults.append(f"line {lines.line_num}: {refused.detail}")
            if len(faults) == _FAULTS:
                break
    except csv.Error as error:
        faults.append(f"line {lines.line_num}: expected CSV as RFC 4180 has it: {error}")
    if faults:
        raise FileRefused("\n".join(faults))
    return records


def write_records(records: Iterable[Mapping[str, str]], declared: Declared, *, header: bool = True) -> Iterator[bytes]:
    """Give the lines of a file; what would be a formula has an apostrophe before it, as spreadsheets have it."""
    if header:
        yield line(declared)
    for record in records:
        yield line(_marked(record.get(name, "")) for name in declared)


def _marked(value: str) -> str:
    # One that had an apostrophe there already gets another, so that reading takes none of its own.
    return f"'{value}" if value.startswith("'") and _is_formula(value.lstrip("'")) else value


def _unmarked(value: str) -> str:
    return value[1:] if value.startswith("'") and _is_formula(value.lstrip("'")) else value


def _is_formula(value: str) -> bool:
    return cell(value) != value


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(_DELIMITERS, key=first.count)


def _check_names(names: Sequence[str], declared: Declared) -> None:
    for name in names:
        if name not in declared:
            raise FileRefused(f"line 1: expected some of {', '.join(declared)}; found {name!r}")
        if names.count(name) > 1:
            raise FileRefused(f"line 1: expected each field once, found {name!r} twice")
    if not names:
        raise FileRefused(f"line 1: expected some of {', '.join(declared)}; found nothing")


def _record(names: Sequence[str], cells: Sequence[str], declared: Declared) -> dict[str, str]:
    if len(cells) != len(names):
        raise Refused("wrong_type", f"expected {len(names)} values, found {len(cells)}.")
    values = {name: declared[name].fitting(name, _unmarked(value)) for name, value in zip(names, cells, strict=True)}
    for name, field in declared.items():
        if field.required and not values.get(name):
            raise Refused("missing_field", f"Field {name}: expected a value, found nothing.")
    return {name: value for name, value in values.items() if value}
