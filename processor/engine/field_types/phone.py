"""Phone numbers, kept as E.164."""

from functools import lru_cache
from typing import TYPE_CHECKING

import phonenumbers

if TYPE_CHECKING:
    from processor.engine.flow import Flow


def parse(value: str, flow: "Flow") -> str:
    """Return the number as E.164; one without a country code is read in the flow's country."""
    return _e164(value.strip(), flow.country)


@lru_cache(maxsize=4096)  # a customer's number is read again by every action that it is given to
def _e164(text: str, country: str) -> str:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"a phone number, found none: {error}") from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError("a phone number that exists in its country's plan, found one that does not")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
