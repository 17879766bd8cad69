"""Durations and times as people write them: `90s`, `1h30m`, `2026-03-02T09:00`."""

import re
from datetime import datetime, tzinfo
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from processor.engine.limits import LAST_TIME

_UNITS_MS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_PART: Final = r"[0-9]{1,9}(?:ms|s|m|h|d)"
PATTERN: Final = rf"^\s*{_PART}(\s*{_PART})*\s*$"

LONGEST_MS: Final = 400 * _UNITS_MS["d"]
"""Time that may pass at once."""


def duration_ms(written: str) -> int:
    """Return a duration in milliseconds. Raises ValueError."""
    if not re.fullmatch(PATTERN, written):
        raise ValueError(f"a duration such as 30s, 5m, 2h, 3d or 1h30m, found {written[:60]!r}")
    total = sum(int(number) * _UNITS_MS[unit] for number, unit in re.findall(r"([0-9]+)(ms|s|m|h|d)", written))
    if total > LONGEST_MS:
        raise ValueError(f"a duration of at most {LONGEST_MS // _UNITS_MS['d']}d, found {written[:60]!r}")
    return total


def written_duration(milliseconds: int) -> str:
    """Return a duration as it would be written: `1h30m`."""
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        count, milliseconds = divmod(milliseconds, _UNITS_MS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def moment_ms(written: str, timezone: tzinfo) -> int:
    """Return a time in epoch milliseconds; one without an offset is in the given time zone. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(written.strip())
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone)
        at = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"a time such as 2026-03-02T09:00, found {written[:60]!r}") from error
    if not 0 <= at <= LAST_TIME:
        raise ValueError(f"a time from 1970 to 9998, found {written[:60]!r}")
    return at


def _checked_duration(value: Any) -> Any:
    return duration_ms(value) if isinstance(value, str) else value


Duration = Annotated[
    int, BeforeValidator(_checked_duration), Field(ge=0, le=LONGEST_MS, json_schema_extra={"type": "string", "pattern": PATTERN})
]
"""A duration in milliseconds, written `30s`, `5m`, `2h`, `3d` or `1h30m`."""
