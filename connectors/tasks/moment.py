"""From when on, and until when, a task is to be done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from connectors.framework.errors import Refused
from connectors.framework.field_values import check


@dataclass(frozen=True, slots=True)
class Moment:
    """A time with the offset of whoever gave it."""

    text: str
    """ISO 8601 to the second."""
    at: int
    """Epoch milliseconds."""

    @classmethod
    def of(cls, name: str, text: str | None) -> Self | None:
        """Read it; None where there is none.

        Raises Refused with reason `wrong_type`.
        """
        canonical = "" if text is None else check("date_and_time", text, field=name)
        return cls(canonical, int(datetime.fromisoformat(canonical).timestamp() * 1000)) if canonical else None

    @property
    def day(self) -> str:
        """The date where the time was given."""
        return self.text[:10]


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when; None is open."""

    start: Moment | None
    end: Moment | None

    @classmethod
    def of(cls, start: str | None, end: str | None) -> Self:
        """Read it.

        Raises Refused: `wrong_type`, or `ends_before_start`.
        """
        span = cls(Moment.of("start_date", start), Moment.of("end_date", end))
        if span.start is not None and span.end is not None and span.end.at < span.start.at:
            raise Refused("ends_before_start", "Field end_date: expected a time that is not before start_date, found an earlier one.")
        return span
