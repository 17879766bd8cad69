"""Calendars (§ 7.1): when somebody is there."""

import re
from datetime import date
from functools import cache
from typing import Annotated, Any, Final, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from processor.engine.entities.entity import Entity, Part
from processor.engine.parameters import EntityReference
from processor.engine.public_holidays import public_holidays

_TIME: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
_HOURS: Final = rf"^{_TIME}-({_TIME}|24:00)$"
_DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _hours(text: str) -> str:
    start, _, end = text.partition("-")
    if start == end or not re.fullmatch(_HOURS, text):
        raise ValueError(f"hours from one time to another, such as 09:00-17:30, found {text[:40]!r}")
    return text


def _date(text: str) -> str:
    try:
        if re.fullmatch(_DATE, text):
            date.fromisoformat(text)
            return text
    except ValueError:
        pass  # a day that no month has, which the error below says, too
    raise ValueError(f"a date such as 2026-12-24, found {text[:40]!r}")


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _timezone(value: Any) -> ZoneInfo:
    if isinstance(value, str) and value in _timezones():
        return ZoneInfo(value)
    raise ValueError(f"a time zone of the IANA database, such as Europe/Paris, found {str(value)[:40]!r}")


Hours = Annotated[str, AfterValidator(_hours), Field(json_schema_extra={"pattern": _HOURS})]
"""From the first time, included, to the second, excluded, which is the next day's where it is not later; `24:00` is the day's end."""

Timezone = Annotated[
    ZoneInfo, PlainValidator(_timezone), PlainSerializer(lambda zone: zone.key, return_type=str), WithJsonSchema({"type": "string"})
]
"""Key of a time zone in the IANA database."""


class WeeklyHours(Part):
    """The hours of each day of the week; a day without any is closed."""

    monday: list[Hours] = Field(default_factory=list)
    tuesday: list[Hours] = Field(default_factory=list)
    wednesday: list[Hours] = Field(default_factory=list)
    thursday: list[Hours] = Field(default_factory=list)
    friday: list[Hours] = Field(default_factory=list)
    saturday: list[Hours] = Field(default_factory=list)
    sunday: list[Hours] = Field(default_factory=list)

    def on(self, day: date) -> list[Hours]:
        """Return the hours that begin on a day."""
        days = (self.monday, self.tuesday, self.wednesday, self.thursday, self.friday, self.saturday, self.sunday)
        return days[day.weekday()]


class PublicHolidays(Part):
    """The public holidays of a country."""

    country: str = Field(pattern="^[A-Z]{2}$", description="Country, ISO 3166-1 alpha-2.")
    subdivision: str | None = Field(
        default=None, min_length=1, description="Part of the country that has holidays of its own, such as BY in DE."
    )
    closed: bool = Field(default=True, description="Whether nothing begins on them; false: they are days as others.")

    @model_validator(mode="after")
    def _known(self) -> Self:
        public_holidays(self.country, self.subdivision, 2026)
        return self


class Calendar(Entity):
    """When somebody is there. Hours belong to the day on which they begin, also where they run on into the next one."""

    entity_kind = "calendar"

    timezone: Timezone | None = Field(default=None, description="Time zone of its hours; that of the flow where there is none.")
    weekly_hours: WeeklyHours = Field(default=WeeklyHours(), description="Hours of an ordinary week.")
    exceptions: dict[Annotated[str, AfterValidator(_date), Field(json_schema_extra={"pattern": _DATE})], list[Hours]] = Field(
        default_factory=dict, description="Date → its own hours; an empty list: closed. Goes before weekly hours and public holidays."
    )
    public_holidays: PublicHolidays | None = Field(default=None, description="Public holidays that the calendar knows.")


class CalendarReference(EntityReference):
    """A calendar."""

    kind = "calendar"
