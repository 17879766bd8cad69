"""§ 7.2, test if it is an even or odd week."""

from typing_extensions import override

from processor.engine.action import Action
from processor.engine.local_time import local_time
from processor.engine.outcome import Outcome, Taken
from processor.engine.visit import Visit


class TestWeekParity(Action):
    """Test whether the number of the week (ISO 8601) is even or odd, at the time of the passage in the flow's time zone.

    - `even`: it is even.
    - `uneven`: it is odd, as weeks 53 and 1 are, one after the other.

    ```yaml
    type: test_week_parity
    links: {even: end, uneven: end}
    ```
    """

    __test__ = False  # for pytest: not a class of tests

    type = "test_week_parity"
    section = "7.2"
    branches = ("even", "uneven")
    failure = "uneven"

    @override
    def apply(self, visit: Visit) -> Outcome:
        week = local_time(visit.at, visit.flow.timezone).isocalendar().week
        return Taken("uneven" if week % 2 else "even")
