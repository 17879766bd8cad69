"""§ 5.9, create a task."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.commands.tasks import CreateTask as CreateTaskCommand
from processor.engine.entities.entity import Name
from processor.engine.events import ResponseReceived
from processor.engine.field_request import FieldRequest
from processor.engine.field_types import number
from processor.engine.field_values import UnfitValue
from processor.engine.interval import IntervalKind, moved
from processor.engine.outcome import Taken
from processor.engine.parameters import Parameter, Target
from processor.engine.template import Template
from processor.engine.visit import Visit


class Interval(Parameter):
    """A time from now."""

    time_interval: Template = Field(description="Whole number, 0 or more.")
    interval_kind: IntervalKind = Field(description="Unit, in the flow's time zone; a month keeps the day, or takes the month's last.")

    @model_validator(mode="after")
    def _a_constant_is_a_whole_number(self) -> Self:
        if self.time_interval.constant is not None:
            try:
                _whole(number.plain(self.time_interval.constant))
            except ValueError as error:
                raise ValueError(f"a whole number of {self.interval_kind}, found {self.time_interval.constant!r}") from error
        return self


class CreateTask(FieldRequest):
    """Create a task that belongs to the interaction.

    Both dates count from the moment at which the action is reached.

    - `ok`: the task is created; of one of kind salesforce the id there is stored.
    - `error`: the name renders empty (`empty_value`), an interval is no whole number (`wrong_type`), or less than 0 or beyond the calendar
      (`out_of_range`), the task would end before it starts (`ends_before_start`), the answer lacks the Salesforce id (`missing_output`)
      or has one that does not fit its field (`wrong_type`), or the connector failed, with its reason or `timeout`.

    ```yaml
    type: create_task
    task_name: "Call {{ contact.name }} back"
    task_category: call_back
    task_kind: salesforce
    salesforce_query_id: {variable: order, field: status}
    date_to_start_the_task: at_a_later_date
    start_interval: {time_interval: 2, interval_kind: hours}
    date_on_which_the_task_must_end: end_postponed
    end_interval: {time_interval: 3, interval_kind: days}
    links: {ok: end, error: end}
    ```
    """

    type = "create_task"
    section = "5.9"
    branches = ("ok", "error")
    failure = "error"

    task_name: Template = Field(description="Name of the task.")
    task_category: Name = Field(description="Category of the task.")
    task_kind: Literal["standard", "salesforce"] = Field(default="standard", description="Where the task is kept.")
    salesforce_query_id: Target | None = Field(default=None, description="What receives the task's Salesforce id; with that kind only.")
    date_to_start_the_task: Literal["now", "at_a_later_date", "no_start_date"] = Field(default="now", description="When the task starts.")
    start_interval: Interval | None = Field(default=None, description="How much later; with at_a_later_date only.")
    date_on_which_the_task_must_end: Literal["end_postponed", "no_end_date"] = Field(
        default="no_end_date", description="When the task ends at the latest."
    )
    end_interval: Interval | None = Field(default=None, description="How much later; with end_postponed only.")

    @model_validator(mode="after")
    def _what_is_said_is_needed(self) -> Self:
        for name, chosen, needed in (
            ("salesforce_query_id", self.task_kind, "salesforce"),
            ("start_interval", self.date_to_start_the_task, "at_a_later_date"),
            ("end_interval", self.date_on_which_the_task_must_end, "end_postponed"),
        ):
            if (getattr(self, name) is not None) != (chosen == needed):
                raise ValueError(f"`{name}` with {needed}, and with nothing else, found {chosen}")
        return self

    @override
    def request(self, visit: Visit) -> CreateTaskCommand | Taken:
        name = visit.render(self.task_name).strip()
        if not name:
            return Taken("error", "empty_value")
        start, end = self._start(visit), _moment(self.end_interval, visit)
        # As timestamps: two times of one zone would be compared by their clock time, which an hour may repeat.
        if start is not None and end is not None and end.timestamp() < start.timestamp():
            return Taken("error", "ends_before_start")
        dates = (moment.isoformat() if moment is not None else None for moment in (start, end))
        return CreateTaskCommand(name, self.task_category, self.task_kind, *dates)

    @override
    def answered(self, visit: Visit, response: ResponseReceived) -> Taken:
        if response.outcome != "ok" or self.salesforce_query_id is None:
            return super().answered(visit, response)
        identity = response.values.get("salesforce_id")
        if not identity:
            return self._failed(visit, "missing_output")
        try:
            return Taken("ok", writes=(visit.write(self.salesforce_query_id, identity),))
        except ValueError as problem:
            raise UnfitValue("wrong_type", f"{problem}") from problem

    def _start(self, visit: Visit) -> datetime | None:
        if self.date_to_start_the_task == "now":
            return moved(visit.at, 0, "hours", visit.flow.timezone)
        return _moment(self.start_interval, visit)


def _moment(interval: Interval | None, visit: Visit) -> datetime | None:
    """Return the time that is an interval away; None where there is no interval. Raises UnfitValue."""
    if interval is None:
        return None
    try:
        count = _whole(number.parse(visit.render(interval.time_interval), visit.flow))
    except ValueError as problem:
        raise problem if isinstance(problem, UnfitValue) else UnfitValue("wrong_type", f"{problem}") from problem
    try:
        return moved(visit.at, count, interval.interval_kind, visit.flow.timezone)
    except ValueError as problem:
        raise UnfitValue("out_of_range", f"{problem}") from problem


def _whole(plain: str) -> int:
    """Return a canonical number as a number of units. Raises UnfitValue where it is none."""
    if "." in plain:
        raise UnfitValue("wrong_type", f"a whole number, found {plain}")
    if plain.startswith("-"):
        raise UnfitValue("out_of_range", f"a number of 0 or more, found {plain}")
    return int(plain)
