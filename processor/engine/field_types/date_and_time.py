"""Points in time, kept as ISO 8601 with the offset of the flow's time zone."""

from datetime import datetime
from typing import TYPE_CHECKING

from processor.engine.field_types import date

if TYPE_CHECKING:
    from processor.engine.flow import Flow


def parse(value: str, flow: "Flow") -> str:
    """Return the time, to the second. One without an offset is local time of the flow; a date alone is its midnight.

    Local times that a clock change skips move forward by the gap; of those that it repeats, the first counts (PEP 495, fold 0).
    """
    text = value.strip()
    if len(text) > date.MAX_CHARACTERS:  # fromisoformat reads fractions of a second of any length
        raise ValueError(f"a time of at most {date.MAX_CHARACTERS} characters, found {len(text)}")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(date.parse(text, flow))
    try:
        local = moment.replace(microsecond=0, tzinfo=moment.tzinfo or flow.timezone)
        return datetime.fromtimestamp(local.timestamp(), flow.timezone).isoformat()
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(f"a time from year 1 to 9999, found {value[:40]!r}") from error
