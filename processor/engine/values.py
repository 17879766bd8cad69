"""Values as templates see them. Wherever one is written into a text, it is in canonical form."""

from datetime import datetime
from decimal import Decimal

from processor.engine.field_types import number


class Number(Decimal):
    """A decimal that is written without exponent and trailing zeros."""

    __slots__ = ()

    def __str__(self) -> str:
        return number.shown(self)


class Moment(datetime):
    """A time that is written as ISO 8601."""

    def __str__(self) -> str:
        return self.isoformat()


def to_text(value: object) -> str:
    """Return a value as the template language writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "".join(str(item) for item in value)
    return str(value)
