"""Values of fields that definitions declare: held to their type, kept in canonical text, compared by what they mean.

The canonical forms are those of the schemas' `FieldValue`. What a flow sends has them already, unless the flow did not know the type: then,
and where people type a value into a page, it is read here. Nothing here knows a flow's locale, time zone or country, so what would need
one (`1 234,56`, a time without an offset, a phone number without a country code) does not fit.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from connectors.framework.errors import Refused

LONGEST_NUMBER: Final = 60
LONGEST_ADDRESS: Final = 2048
_LONGEST_TIME: Final = 80  # fromisoformat reads fractions of a second of any length

_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_HTTPS: Final = re.compile(r"https://[^/?#@:\[\]]+(:[0-9]{1,5})?([/?#].*)?", re.IGNORECASE)  # RFC 3986; no user before the host
_TRUTH: Final = MappingProxyType({"true": "true", "1": "true", "false": "false", "0": "false"})


def check(type: str, value: str, choices: Sequence[str] = (), *, field: str | None = None) -> str:  # noqa: A002 - the schemas' word
    """Return a value in the canonical text of a type; nothing but white space is empty text, which fits every type.

    Args:
        type: text, long_text, number, boolean, date, date_and_time, email, phone, image or list.
        value: what is to be kept.
        choices: what may be chosen, with type list.
        field: name of the field, for the sentence that says what is wrong.

    Raises:
        Refused: `wrong_type`; the value is not in the sentence, because it may be personal data.
    """
    where = "" if field is None else f"Field {field}: "
    if "\0" in value or not _is_unicode(value):  # no SQL server keeps either
        raise Refused("wrong_type", f"{where}expected text without NUL and lone surrogates.")
    if not value.strip():
        return ""
    if type == "list":
        if value.strip() not in choices:
            raise Refused("wrong_type", f"{where}expected one of {', '.join(choices)}.")
        return value.strip()
    if type not in _READERS:
        raise Refused("wrong_type", f"{where}expected a type that there is, found {type}.")
    expected, read = _READERS[type]
    try:
        return read(value)
    except (ValueError, OverflowError) as error:
        raise Refused("wrong_type", f"{where}expected {expected}; found {len(value)} characters that are none.") from error


def comparable(type: str, value: str) -> Any:  # noqa: A002 - the schemas' word
    """Return what a canonical value is compared by: numbers by size, dates by the calendar, times by the instant (UTC), the rest exactly.

    It is a Decimal, a date, a datetime or a str, and has an order among what the same type gives.

    Raises ValueError where the value is not in the type's canonical text; empty text is: an empty value has no order, callers leave it out.
    """
    match type:
        case "number":
            return Decimal(value)
        case "date":
            return date.fromisoformat(value)
        case "date_and_time":
            return datetime.fromisoformat(value).astimezone(UTC)
        case _:
            return value


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(value: str) -> str:
    return value


def _number(value: str) -> str:
    text = value.strip()
    if len(text) > LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        raise ValueError(text)
    plain = format(Decimal(text), "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain == "-0" else plain


def _boolean(value: str) -> str:
    return _TRUTH.get(value.strip().lower()) or _none_such(value)


def _date(value: str) -> str:
    text = value.strip()
    return date.fromisoformat(text).isoformat() if text.isascii() else _none_such(text)


def _date_and_time(value: str) -> str:
    text = value.strip()
    moment = datetime.fromisoformat(text) if len(text) <= _LONGEST_TIME else None
    if moment is None or moment.utcoffset() is None:
        raise ValueError(text)
    moment.astimezone(UTC)  # one that UTC has not, at either end of the calendar, cannot be compared: OverflowError
    return moment.replace(microsecond=0).isoformat()


def _email(value: str) -> str:
    try:
        return validate_email(value.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError from error


def _phone(value: str) -> str:
    try:
        number = phonenumbers.parse(value.strip(), None)
    except phonenumbers.NumberParseException as error:
        raise ValueError from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _image(value: str) -> str:
    address = value.strip()
    if len(address) > LONGEST_ADDRESS or any(character.isspace() or not character.isprintable() for character in address):
        raise ValueError(address)
    return address if _HTTPS.fullmatch(address) else _none_such(address)


def _none_such(value: str) -> str:
    raise ValueError(value)


_READERS: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = MappingProxyType(
    {
        "text": ("text", _text),
        "long_text": ("text", _text),
        "number": ("a number such as -1234.5", _number),
        "boolean": ("true or false", _boolean),
        "date": ("a date such as 2026-03-01", _date),
        "date_and_time": ("a time such as 2026-03-01T14:30:00+01:00", _date_and_time),
        "email": ("an email address", _email),
        "phone": ("a phone number with its country code, such as +33612345678", _phone),
        "image": (f"an https address without spaces, of at most {LONGEST_ADDRESS} characters", _image),
    }
)
"""Type → what it is called in a sentence, and how a text becomes a value of it."""
