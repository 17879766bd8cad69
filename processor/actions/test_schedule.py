"""§ 7.1, test a schedule."""

from typing_extensions import override

from processor.engine.action import Action
from processor.engine.entities.calendar import Calendar, CalendarReference
from processor.engine.opening_hours import is_open
from processor.engine.outcome import Outcome, Taken
from processor.engine.visit import Visit


class TestSchedule(Action):
    """Test whether a calendar is open at the time of the passage.

    Hours include their first moment and not their last. An exception of the calendar goes before a public holiday, and both before the
    weekly hours; hours that run on into the next day do so whatever that day is. A calendar's own time zone wins over the flow's.

    - `open`: it is.
    - `closed`: it is not.
    - `not_found`: there is no such calendar.

    ```yaml
    type: test_schedule
    schedule: {reference: support}
    links: {open: end, closed: end, not_found: end}
    ```
    """

    __test__ = False  # for pytest: not a class of tests

    type = "test_schedule"
    section = "7.1"
    branches = ("open", "closed", "not_found")
    failure = "not_found"

    schedule: CalendarReference

    @override
    def apply(self, visit: Visit) -> Outcome:
        calendar = visit.entity(self.schedule)
        if not isinstance(calendar, Calendar):
            return Taken("not_found")
        return Taken("open" if is_open(calendar, visit.at, visit.flow.timezone) else "closed")
