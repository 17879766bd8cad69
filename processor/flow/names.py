"""What names in a flow document may look like, and which time zones, locales and countries there are."""

import re
from functools import cache
from typing import Annotated, Final
from zoneinfo import available_timezones

from babel import localedata
from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, Field

from processor.engine.flow import END
from processor.engine.visit import BUILT_IN
from processor.flow.faults import described, did_you_mean

MAX_NAME: Final = 64
ACTION_ID: Final = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
VARIABLE: Final = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
REFERENCE: Final = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]{0,126}[^\s\x00-\x1f\x7f-\x9f])?$"
COUNTRY: Final = r"^[A-Z]{2}$"

_LITERALS: Final = frozenset({"true", "false", "nil", "null", "empty", "blank", "and", "or", "not", "contains", "in"})


def is_field_name(text: str) -> bool:
    """Tell whether a text could name a variable's field."""
    return re.fullmatch(VARIABLE, text) is not None


def _action_id(text: str) -> str:
    if not re.fullmatch(ACTION_ID, text) or text == END:
        raise ValueError(
            f"an action id: a letter, then letters, digits, `_` or `-`, at most {MAX_NAME}, not `{END}`, found {described(text)}"
        )
    return text


def _field_name(text: str) -> str:
    if not is_field_name(text):
        raise ValueError(f"a name: a letter or `_`, then letters, digits, `_` or `-`, at most {MAX_NAME}, found {described(text)}")
    return text


def _variable(text: str) -> str:
    if text in BUILT_IN:
        raise ValueError(f"a name that no built-in variable has, found {described(text)}")
    if text in _LITERALS:
        raise ValueError(f"a name that is no word of the template language, found {described(text)}")
    return _field_name(text)


def _reference(text: str) -> str:
    if not re.fullmatch(REFERENCE, text):
        raise ValueError(f"a reference: 1 to 128 characters, no space around them, no control characters, found {described(text)}")
    return text


def _timezone(text: str) -> str:
    if text not in _timezones():
        raise ValueError(
            f"a time zone of the IANA database, such as Europe/Paris{did_you_mean(text, _timezones())}, found {described(text)}"
        )
    return text


def _locale(text: str) -> str:
    if text.replace("-", "_") not in _locales():
        known = (name.replace("_", "-") for name in _locales())
        raise ValueError(f"a locale of the CLDR, such as fr or pt-BR{did_you_mean(text.replace('_', '-'), known)}, found {described(text)}")
    return text


def _country(text: str) -> str:
    if text not in SUPPORTED_REGIONS:
        raise ValueError(
            f"a country by ISO 3166-1 alpha-2, such as FR{did_you_mean(text.upper(), SUPPORTED_REGIONS)}, found {described(text)}"
        )
    return text


@cache
def _timezones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


@cache
def _locales() -> frozenset[str]:
    return frozenset(localedata.locale_identifiers()) - {"root"}


ActionId = Annotated[str, AfterValidator(_action_id), Field(json_schema_extra={"pattern": ACTION_ID})]
"""Id of an action within its flow."""

VariableName = Annotated[str, AfterValidator(_variable), Field(json_schema_extra={"pattern": VARIABLE})]
"""Name of a flow variable; what every flow has built in is not declared."""

FieldName = Annotated[str, AfterValidator(_field_name), Field(json_schema_extra={"pattern": VARIABLE})]
"""Name of a variable's field."""

Reference = Annotated[str, AfterValidator(_reference), Field(json_schema_extra={"pattern": REFERENCE})]
"""Reference of a flow."""

Timezone = Annotated[str, AfterValidator(_timezone)]
"""Key of a time zone in the IANA database."""

LocaleName = Annotated[str, AfterValidator(_locale)]
"""Language, and where it matters script and country: `fr`, `pt-BR`, `zh-Hant-TW`."""

Country = Annotated[str, AfterValidator(_country), Field(json_schema_extra={"pattern": COUNTRY})]
"""Country, ISO 3166-1 alpha-2."""
