"""A campaign's targets as files: CSV for spreadsheets, JSON lines for programs."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from connectors.framework.spreadsheet import line

_COLUMNS: Final = (
    "id", "phone_number", "state", "result", "priority", "start_date", "attempts", "inserted_at", "finished_at", "layout", "interaction_id",
    "flow",
)  # fmt: skip
_TIMES: Final = frozenset({"inserted_at", "finished_at"})


async def as_csv(targets: AsyncIterator[Mapping[str, Any]], fields: Sequence[str]) -> AsyncIterator[bytes]:
    """Give the lines of CSV: one column for each of the layouts' fields, and one, as JSON, for fields that no layout has any more."""
    yield "\ufeff".encode()  # spreadsheets take a file without the mark for one in the system's old encoding
    yield line([*_COLUMNS, *(f"field {name}" for name in fields), "other fields"])
    async for target in targets:
        held = dict(target["fields"])
        known = [held.pop(name, "") for name in fields]
        others = json.dumps(held, ensure_ascii=False) if held else ""
        yield line([*(_text(name, target[name]) for name in _COLUMNS), *known, others])


async def as_json_lines(targets: AsyncIterator[Mapping[str, Any]]) -> AsyncIterator[bytes]:
    """Give one JSON object a line, as the API has it."""
    async for target in targets:
        yield json.dumps(target, ensure_ascii=False).encode() + b"\n"


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="seconds") if name in _TIMES else str(value)
