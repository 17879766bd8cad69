"""§ 6.7, date and time (retrieval and calculations)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.action import Action
from processor.engine.field_types import canonical, number
from processor.engine.local_time import after, days_later, local_time, on_day, resolved
from processor.engine.outcome import Outcome, Taken
from processor.engine.parameters import Target
from processor.engine.template import Template
from processor.engine.visit import Visit

_UNITS: Final = ("days", "hours", "minutes", "seconds")
_RANGES: Final[Mapping[str, range]] = {
    "day_of_the_month": range(1, 32),
    "day_of_the_week": range(1, 8),
    "hours": range(24),
    "minutes": range(60),
    "seconds": range(60),
}
"""What the parts of a date and time can be set to."""


class _Unfit(ValueError):
    """A date or an operand that nothing can be computed with; `reason` is unreadable_date, unreadable_operand or out_of_range."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: expected {detail}")
        self.reason = reason
        self.detail = detail


class DateAndTime(Action):
    """Take a date and time, compute with it and store the result, as ISO 8601 with the offset of the flow's time zone.

    Days keep the local time of day; hours, minutes and seconds are elapsed time and come after the days. What is set replaces its part and
    keeps the others: day 31 is a shorter month's last day, and a day of the week is one of the same ISO week. A local time that a clock
    change skips moves forward by the gap; of one that comes twice the first counts. A field of type date receives the day alone.

    - `ok`: the result is stored.
    - `not_ok`: the input is no date (`unreadable_date`), an operand no whole number (`unreadable_operand`), an operand or the result beyond
      what calendar or clock have (`out_of_range`), or the result does not fit the target (`wrong_type`). The target stays as it was.

    ```yaml
    type: date_and_time
    reference_the_date_and_time: variable
    variable_input: "{{ order.date }}"
    operation_on_the_date_and_time: add
    days: 14
    result_storage: {variable: order, field: date}
    links: {ok: end, not_ok: end}
    ```
    """

    type = "date_and_time"
    section = "6.7"
    branches = ("ok", "not_ok")
    failure = "not_ok"

    reference_the_date_and_time: Literal["now", "variable"] = Field(
        default="now", description="now: of the passage in the action; variable: from `variable_input`."
    )
    variable_input: Template | None = Field(default=None, description="The date and time to start from.")
    operation_on_the_date_and_time: Literal["none", "add", "subtract", "set_to"] = "none"
    days: Template | None = Field(default=None, description="Days to add or subtract; a whole number, as the other operands.")
    use_the_day_of_the_week: bool = Field(default=False, description="Set the day of the week, not of the month.")
    day_of_the_month: Template | None = Field(default=None, description="Day to set, 1 to 31.")
    day_of_the_week: Template | None = Field(default=None, description="Day to set, 1 (Monday) to 7.")
    hours: Template | None = Field(default=None, description="Hours to add or subtract, or hour to set, 0 to 23.")
    minutes: Template | None = Field(default=None, description="Minutes to add or subtract, or minute to set, 0 to 59.")
    seconds: Template | None = Field(default=None, description="Seconds to add or subtract, or second to set, 0 to 59.")
    result_storage: Target

    @model_validator(mode="after")
    def _input_where_needed(self) -> Self:
        if (self.variable_input is not None) != (self.reference_the_date_and_time == "variable"):
            raise ValueError("`variable_input` where the reference is variable, and nowhere else")
        return self

    @model_validator(mode="after")
    def _operands_of_the_operation(self) -> Self:
        allowed = self._allowed
        given = self._operands
        surplus = [name for name in given if name not in allowed]
        if surplus or (self.use_the_day_of_the_week and self.operation_on_the_date_and_time != "set_to"):
            wanted = f"no operands but {', '.join(allowed)}" if allowed else "no operands"
            raise ValueError(f"{wanted} for this operation, found {', '.join(surplus) or 'use_the_day_of_the_week'}")
        if allowed and not given:
            raise ValueError(f"one or more of {', '.join(allowed)}")
        for name, template in given.items():
            if template.constant is not None:
                self._check_constant(name, template.constant)
        return self

    def _check_constant(self, name: str, text: str) -> None:
        try:
            self._whole(name, number.plain(text))
        except _Unfit as problem:
            raise ValueError(problem.detail) from problem
        except ValueError as problem:
            raise ValueError(f"a whole number for {name}, found {text[:40]!r}") from problem

    @property
    def _allowed(self) -> tuple[str, ...]:
        """Names of the operation's operands."""
        match self.operation_on_the_date_and_time:
            case "none":
                return ()
            case "set_to":
                return ("day_of_the_week" if self.use_the_day_of_the_week else "day_of_the_month", *_UNITS[1:])
            case _:
                return _UNITS

    @property
    def _operands(self) -> dict[str, Template]:
        every = {
            "days": self.days,
            "day_of_the_month": self.day_of_the_month,
            "day_of_the_week": self.day_of_the_week,
            "hours": self.hours,
            "minutes": self.minutes,
            "seconds": self.seconds,
        }
        return {name: template for name, template in every.items() if template is not None}

    @override
    def apply(self, visit: Visit) -> Outcome:
        try:
            result = self._computed(self._reference(visit), visit)
        except _Unfit as problem:
            visit.warnings.append(str(problem))
            return Taken("not_ok", problem.reason)
        except (OverflowError, ValueError):
            visit.warnings.append("out_of_range: expected a result from year 1 to 9999")
            return Taken("not_ok", "out_of_range")
        target = self.result_storage
        day_alone = visit.flow.declared(target.variable, target.field) == "date"
        try:
            return Taken("ok", writes=(visit.write(target, (result.date() if day_alone else result).isoformat()),))
        except ValueError as problem:
            visit.warnings.append(f"wrong_type: expected {problem}")
            return Taken("not_ok", "wrong_type")

    def _reference(self, visit: Visit) -> datetime:
        if self.variable_input is None:
            return local_time(visit.at, visit.flow.timezone).replace(microsecond=0)
        try:
            text = canonical("date_and_time", visit.render(self.variable_input), visit.flow)
        except ValueError as problem:
            raise _Unfit("unreadable_date", str(problem)) from problem
        if not text:
            raise _Unfit("unreadable_date", "a date; found nothing")
        return datetime.fromisoformat(text).astimezone(visit.flow.timezone)

    def _computed(self, moment: datetime, visit: Visit) -> datetime:
        """Return the operation's result.

        Raises _Unfit; OverflowError or ValueError where it leaves the calendar.
        """
        operands = {name: self._operand(name, visit.render(template), visit) for name, template in self._operands.items()}
        zone = visit.flow.timezone
        match self.operation_on_the_date_and_time:
            case "none":
                return moment
            case "set_to":
                day = operands.get("day_of_the_month", moment.day)
                weekdays = operands.get("day_of_the_week", moment.isoweekday()) - moment.isoweekday()
                clock = operands.get("hours", moment.hour), operands.get("minutes", moment.minute), operands.get("seconds", moment.second)
                wall = on_day(moment, day).replace(hour=clock[0], minute=clock[1], second=clock[2])
                return resolved(wall + timedelta(days=weekdays), zone)
            case operation:
                sign = 1 if operation == "add" else -1
                days, hours, minutes, seconds = (sign * operands.get(unit, 0) for unit in _UNITS)
                return after(days_later(moment, days, zone), timedelta(hours=hours, minutes=minutes, seconds=seconds), zone)

    def _operand(self, name: str, text: str, visit: Visit) -> int:
        try:
            return self._whole(name, canonical("number", text, visit.flow))
        except _Unfit:
            raise
        except ValueError as problem:
            raise _Unfit("unreadable_operand", f"{problem} for {name}") from problem

    def _whole(self, name: str, plain: str) -> int:
        """Return an operand of a canonical number.

        Raises _Unfit.
        """
        if not plain or "." in plain:
            raise _Unfit("unreadable_operand", f"a whole number for {name}, found {plain or 'nothing'}")
        value = int(plain)
        if self.operation_on_the_date_and_time == "set_to" and value not in _RANGES[name]:
            raise _Unfit("out_of_range", f"{name} from {_RANGES[name][0]} to {_RANGES[name][-1]}, found {value}")
        return value
