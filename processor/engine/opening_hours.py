"""Whether a calendar is open (§ 7.1)."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from processor.engine.entities.calendar import Calendar
from processor.engine.local_time import local_time
from processor.engine.public_holidays import public_holidays

_DAY = timedelta(days=1)


def is_open(calendar: Calendar, at: int, timezone: ZoneInfo) -> bool:
    """Tell whether a calendar is open at a log time (epoch ms).

    The calendar's own time zone wins over the one given. Hours whose ends fall into a change of the clocks are one stretch of time,
    from the moment at which they begin to the one at which they end: a time that is skipped is as much later, and of one that comes
    twice the first counts (PEP 495, fold 0). None is open twice.
    """
    zone = calendar.timezone or timezone
    today = local_time(at, zone).date()
    return any(_covers(hours, day, at, zone) for day in (today, today - _DAY) for hours in _hours_on(calendar, day))


def _hours_on(calendar: Calendar, day: date) -> list[str]:
    """Return the hours that begin on a day."""
    exception = calendar.exceptions.get(day.isoformat())
    if exception is not None:
        return exception
    known = calendar.public_holidays
    if known is not None and known.closed and day in public_holidays(known.country, known.subdivision, day.year):
        return []
    return calendar.weekly_hours.on(day)


def _covers(hours: str, day: date, at: int, zone: ZoneInfo) -> bool:
    """Tell whether hours that begin on a day include a log time."""
    begin, end = _span(hours)
    midnight = datetime.combine(day, time(tzinfo=zone))
    # Compared as timestamps: local times of one zone would be compared as the wall shows them.
    return (midnight + begin).timestamp() <= at / 1000 < (midnight + end).timestamp()


@lru_cache(maxsize=4096)  # asked for on each visit
def _span(hours: str) -> tuple[timedelta, timedelta]:
    """Return how long after midnight hours begin and end, by the clock on the wall."""
    begin, end = (timedelta(hours=int(text[:2]), minutes=int(text[3:])) for text in hours.split("-"))
    return begin, end if end > begin else end + _DAY
