"""A number of hours, days, weeks or months from a point in time, in a time zone."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

IntervalKind = Literal["hours", "days", "weeks", "months"]


def moved(at: int, count: int, kind: IntervalKind, zone: ZoneInfo) -> datetime:
    """Return a point in time moved on (back, where the count is negative), to the second; `at` is epoch ms.

    Hours are elapsed time. Days, weeks and months keep local time: where a clock change skips it, it moves forward by the gap; where one
    repeats it, the first counts (PEP 495, fold 0). Months keep the day, or take the month's last one. Raises ValueError where the result
    is not within the years 1 to 9999.
    """
    now = datetime.fromtimestamp(at // 1000, zone)
    if count == 0:  # no clock time is looked up anew: within a repeated hour, the second one stays the second
        return now
    try:
        match kind:
            case "hours":
                return (now.astimezone(UTC) + timedelta(hours=count)).astimezone(zone)
            case "months":
                there = _months_on(now, count)
            case _:
                there = now + timedelta(days=count * (7 if kind == "weeks" else 1))
        return there.replace(fold=0).astimezone(UTC).astimezone(zone)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"a time from year 1 to 9999, found one {count} {kind} from {now.isoformat()}") from error


def _months_on(now: datetime, count: int) -> datetime:
    """Return the same day and local time some months on, or the month's last day. Raises ValueError beyond the calendar."""
    year, month = divmod(now.year * 12 + now.month - 1 + count, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))
