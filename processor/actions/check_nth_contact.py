"""§ 6.9, check Nth contact."""

import re
from typing import Annotated, Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.action import LINKS
from processor.engine.commands import CommandBody
from processor.engine.commands.contacts import CountContacts
from processor.engine.events import ResponseReceived
from processor.engine.interval import IntervalKind, moved
from processor.engine.outcome import Taken
from processor.engine.request import Request
from processor.engine.visit import Visit

_Threshold = Annotated[int | None, Field(ge=0, le=1_000_000, description="Contacts up to which the link is taken.")]


class CheckNthContact(Request):
    """Count the customer's contacts before this one, over all channels, and take the link whose threshold is nearest above.

    The window goes back from the passage: hours are elapsed time; days, weeks and months keep the local time of day in the flow's time
    zone, months the day or the shorter month's last. A contact that began exactly then is counted.

    - `link_1` … `link_10`: the one with the smallest threshold that is not below the count; of equal ones the first.
    - `no_link`: the count is above all thresholds. Also, with a reason: silence of the connector (`timeout`), an answer without a count
      (`unreadable_answer`), or what the connector says.

    ```yaml
    type: check_nth_contact
    time_interval_to_be_counted: days
    value: 30
    link_1: 0
    link_2: 2
    link_3: 5
    links: {link_1: end, link_2: end, link_3: end, no_link: end}
    ```
    """

    type = "check_nth_contact"
    section = "6.9"
    branches = (*LINKS, "no_link")
    failure = "no_link"

    time_interval_to_be_counted: IntervalKind
    value: int = Field(ge=1, le=10_000, description="How many of them the window goes back.")
    link_1: _Threshold = None
    link_2: _Threshold = None
    link_3: _Threshold = None
    link_4: _Threshold = None
    link_5: _Threshold = None
    link_6: _Threshold = None
    link_7: _Threshold = None
    link_8: _Threshold = None
    link_9: _Threshold = None
    link_10: _Threshold = None

    @model_validator(mode="after")
    def _some_threshold(self) -> Self:
        if not self._thresholds:
            raise ValueError("a threshold for one link or more")
        return self

    @property
    def _thresholds(self) -> dict[int, str]:
        """Threshold → the first link that has it."""
        every = (
            self.link_1, self.link_2, self.link_3, self.link_4, self.link_5,
            self.link_6, self.link_7, self.link_8, self.link_9, self.link_10,
        )  # fmt: skip
        thresholds: dict[int, str] = {}
        for link, threshold in zip(LINKS, every, strict=True):
            if threshold is not None:
                thresholds.setdefault(threshold, link)
        return thresholds

    @override
    def used_branches(self) -> tuple[str, ...]:
        """Return the links that a count can lead to."""
        reachable = set(self._thresholds.values())
        return (*(link for link in LINKS if link in reachable), "no_link")

    @override
    def request(self, visit: Visit) -> CommandBody | Taken:
        return CountContacts(self._since(visit), visit.at)

    @override
    def answered(self, visit: Visit, response: ResponseReceived) -> Taken:
        if response.outcome != "ok":
            return self._failed(visit, response.reason or response.outcome)
        count = response.values.get("count", "")
        if not re.fullmatch("[0-9]{1,18}", count):
            return self._failed(visit, "unreadable_answer")
        above = [threshold for threshold in self._thresholds if threshold >= int(count)]
        return Taken(self._thresholds[min(above)] if above else "no_link")

    def _since(self, visit: Visit) -> int:
        """Return the window's start, epoch ms."""
        start = moved(visit.at, -self.value, self.time_interval_to_be_counted, visit.flow.timezone)
        return int(start.timestamp()) * 1000 + visit.at % 1000
