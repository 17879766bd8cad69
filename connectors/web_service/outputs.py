"""The results of a call: found in the body by JSONPath or JMESPath, and fitting their declared types."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final

import jmespath
import jsonpath_rfc9535
import phonenumbers
from email_validator import EmailNotValidError, validate_email
from jmespath.exceptions import JMESPathError
from yarl import URL

from connectors.framework.errors import Refused
from connectors.web_service.xml_answer import json_of

LONGEST_TEXT: Final = 10_000
"""Most characters of a `long_text`."""
LARGEST_VALUES_BYTES: Final = 64 * 1_024
"""Most bytes of all results together, so that they fit the interaction that they are for."""
_LONGEST_NUMBER: Final = 60
_LONGEST_ADDRESS: Final = 2_048

_XML_DECIMAL: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")

_MISSING: Final = object()


class _WrongType(ValueError):
    """A value that does not fit; the message says what it is, not what it holds."""


def read_outputs(content: bytes, outputs: Iterable[Mapping[str, Any]], *, from_xml: bool = False) -> dict[str, str]:
    """Return all declared results in canonical text; in XML, where all is text, numbers and booleans are read from it.

    Raises Refused with reason `unreadable_body`, `missing_output` (null counts as missing), `wrong_type` or `too_large`.
    """
    declared = list(outputs)
    if not declared:
        return {}
    document = _Document(json_of(content) if from_xml else content)
    values = {}
    for output in declared:
        found = document.find(output["language"], output["path"], output["name"])
        if found is _MISSING or found is None:
            raise Refused("missing_output", f"Output {output['name']}: expected a value, found {'null' if found is None else 'nothing'}.")
        try:
            values[output["name"]] = _canonical(output["type"], _typed(output["type"], found) if from_xml else found)
        except _WrongType as wrong:
            raise Refused("wrong_type", f"Output {output['name']}: expected {output['type']}, found {wrong}.") from None
    if sum(len(value.encode()) for value in values.values()) > LARGEST_VALUES_BYTES:
        raise Refused("too_large", f"The results have more than {LARGEST_VALUES_BYTES} bytes.")
    return values


class _Exact(float):
    """A number that compares as IEEE 754, as paths need it, and remembers how it was written."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class _Document:
    """A JSON body. JSONPath gives numbers as they were written; JMESPath, whose functions know plain numbers only, as IEEE 754."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._exact = self._read(_Exact)
        self._floats: Any = _MISSING

    def find(self, language: str, path: str, name: str) -> Any:
        """Return the first value at a path."""
        match language:
            case "jsonpath":
                try:
                    node = _jsonpath(path, name).find_one(self._exact)
                except jsonpath_rfc9535.JSONPathRecursionError as error:
                    raise Refused("unreadable_body", f"Output {name}: the answer is too deep for its path.") from error
                return _MISSING if node is None else node.value
            case "jmespath":
                if self._floats is _MISSING:
                    self._floats = self._read(float)
                try:
                    return _jmespath(path, name).search(self._floats)
                except JMESPathError as error:
                    raise Refused("wrong_type", f"Output {name}: the path does not fit the answer: {type(error).__name__}.") from error
        raise Refused("missing_output", f"Output {name}: expected a path in jsonpath or jmespath, found {language!r}.")

    def _read(self, number: Callable[[str], Any]) -> Any:
        try:
            return json.loads(self._content.decode("utf-8-sig"), parse_float=number, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Refused("unreadable_body", "Expected a body in JSON (RFC 8259), found something else.") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


@cache
def _jsonpath(path: str, name: str) -> jsonpath_rfc9535.JSONPathQuery:
    try:
        return jsonpath_rfc9535.compile(path)
    except jsonpath_rfc9535.JSONPathError as error:
        raise Refused("missing_output", f"Output {name}: the path is no JSONPath (RFC 9535).") from error


@cache
def _jmespath(path: str, name: str) -> jmespath.parser.ParsedResult:
    try:
        return jmespath.compile(path)
    except JMESPathError as error:
        raise Refused("missing_output", f"Output {name}: the path is no JMESPath.") from error


def _typed(declared: str, value: Any) -> Any:
    """Return the number or boolean that a text of XML Schema 1.0 stands for (part 2, 3.2.2 and 3.2.3); any other value as it is."""
    match declared, value:
        case "number", str() if len(value) <= 2 * _LONGEST_NUMBER and _XML_DECIMAL.fullmatch(value.strip()):
            return _Exact(value.strip())
        case "boolean", "true" | "1":
            return True
        case "boolean", "false" | "0":
            return False
    return value


def _canonical(declared: str, value: Any) -> str:
    match declared, value:
        case "boolean", bool():
            return "true" if value else "false"
        case "number", int() | float() if not isinstance(value, bool):
            return _number(value)
        case "text", str():
            return value
        case "long_text", str() if len(value) <= LONGEST_TEXT:
            return value
        case "date", str():
            return _iso(date.fromisoformat, value)
        case "date_and_time", str():
            return _iso(datetime.fromisoformat, value)
        case "email", str():
            return _email(value)
        case "phone", str():
            return _phone(value)
        case "image", str():
            return _image(value)
    raise _WrongType(_kind(value))


def _number(value: float) -> str:
    try:
        number = Decimal(value.text if isinstance(value, _Exact) else repr(value))
    except InvalidOperation:  # an exponent beyond all that decimals have
        raise _WrongType(f"a number of more than {_LONGEST_NUMBER} digits") from None
    if not number.is_finite() or number.adjusted() > _LONGEST_NUMBER or -_exponent(number) > _LONGEST_NUMBER:
        raise _WrongType(f"a number of more than {_LONGEST_NUMBER} digits")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if len(text) > _LONGEST_NUMBER:
        raise _WrongType(f"a number of more than {_LONGEST_NUMBER} digits")
    return "0" if text == "-0" else text


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _iso(read: Callable[[str], date | datetime], value: str) -> str:
    try:
        return read(value.strip()).isoformat()
    except ValueError:
        raise _WrongType("a text that is not ISO 8601") from None


def _email(value: str) -> str:
    try:
        return validate_email(value.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise _WrongType("a text that is no email address") from None


def _phone(value: str) -> str:
    """Return E.164; a national number stays as it is, because only the flow knows its country."""
    try:
        number = phonenumbers.parse(value.strip(), None)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and not value.strip().startswith("+"):
            return value.strip()
        raise _WrongType("a text that is no phone number") from None
    if not phonenumbers.is_valid_number(number):
        raise _WrongType("a phone number that does not exist in its country's plan")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _image(value: str) -> str:
    try:
        address = URL(value.strip())
    except ValueError:
        raise _WrongType("a text that is no address") from None
    if address.scheme != "https" or not address.host or len(value) > _LONGEST_ADDRESS:
        raise _WrongType("a text that is no https address")
    return value.strip()


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return f"a text of {len(value)} characters"
        case list():
            return "an array"
        case _:
            return "an object"
