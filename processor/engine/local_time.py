"""Local time as people reckon with it: days keep the time of day, hours and shorter units are elapsed time (§ 6.7, 7.1).

Whatever leaves the years 1 to 9999 raises OverflowError or ValueError, as `datetime` has it.
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def local_time(at: int, timezone: ZoneInfo) -> datetime:
    """Return a log time (epoch ms) as local time, to the millisecond."""
    return datetime.fromtimestamp(at // 1000, timezone).replace(microsecond=at % 1000 * 1000)


def resolved(wall: datetime, timezone: ZoneInfo) -> datetime:
    """Return the moment at which a clock on the wall shows a time.

    A time that the clock skips moves forward by the gap; of a time that it shows twice, the first counts (PEP 495, fold 0).
    """
    return wall.replace(tzinfo=timezone, fold=0).astimezone(UTC).astimezone(timezone)


def days_later(moment: datetime, days: int, timezone: ZoneInfo) -> datetime:
    """Return the same time of day so many days later, or earlier where `days` is negative."""
    return resolved(moment + timedelta(days=days), timezone) if days else moment


def on_day(moment: datetime, day: int) -> datetime:
    """Return the same time on a day of the same month; its last day where it is shorter. Not resolved."""
    return moment.replace(day=min(day, monthrange(moment.year, moment.month)[1]))


def after(moment: datetime, elapsed: timedelta, timezone: ZoneInfo) -> datetime:
    """Return the local time once so much time has passed, whatever clocks were changed meanwhile."""
    return (moment.astimezone(UTC) + elapsed).astimezone(timezone)
