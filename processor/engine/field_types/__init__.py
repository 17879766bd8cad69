"""Types that a variable's field can be declared with, and how a text becomes a value of each."""

from typing import TYPE_CHECKING, Final, Literal, Protocol

from processor.engine.field_types import boolean, date, date_and_time, email, image, number, phone, text

if TYPE_CHECKING:
    from processor.engine.flow import Flow

FieldType = Literal["text", "long_text", "number", "boolean", "date", "date_and_time", "email", "phone", "image"]


class _Parser(Protocol):
    def __call__(self, value: str, flow: "Flow", /) -> str: ...


_PARSERS: Final[dict[str, _Parser]] = {
    "text": text.parse,
    "long_text": text.parse,
    "number": number.parse,
    "boolean": boolean.parse,
    "date": date.parse,
    "date_and_time": date_and_time.parse,
    "email": email.parse,
    "phone": phone.parse,
    "image": image.parse,
}


def canonical(declared: str, value: str, flow: "Flow") -> str:
    """Return a text in the canonical form of a type; empty text stays empty for every type.

    The flow gives locale, time zone and the default region of phone numbers. Raises ValueError where the text does not fit the type.
    """
    if declared == "text":
        return value
    return _PARSERS[declared](value, flow) if value.strip() else ""
