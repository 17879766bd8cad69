"""Answers as files: CSV for spreadsheets, JSON lines for programs."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from connectors.framework.spreadsheet import line
from connectors.surveys.survey import Question

_COLUMNS: Final = ("answered_at", "interaction_id", "channel", "flow", "locale")


async def as_csv(answers: AsyncIterator[Mapping[str, Any]], questions: Sequence[Question]) -> AsyncIterator[bytes]:
    """Give the lines of CSV, one column for each question."""
    yield "\ufeff".encode()  # spreadsheets take a file without the mark for one in the system's old encoding
    yield line([*_COLUMNS, *(question.id for question in questions)])
    async for answer in answers:
        at = datetime.fromtimestamp(answer["answered_at"] / 1000, UTC).isoformat(timespec="seconds")
        about = [at, *(answer[name] or "" for name in _COLUMNS[1:])]
        yield line([*about, *(answer["answers"].get(question.id, "") for question in questions)])


async def as_json_lines(answers: AsyncIterator[Mapping[str, Any]]) -> AsyncIterator[bytes]:
    """Give one JSON object a line, as the API has it."""
    async for answer in answers:
        yield json.dumps(dict(answer), ensure_ascii=False).encode() + b"\n"
