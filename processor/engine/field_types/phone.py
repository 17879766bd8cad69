"""Phone numbers, kept as E.164."""

from typing import TYPE_CHECKING

import phonenumbers

if TYPE_CHECKING:
    from processor.engine.flow import Flow


def parse(value: str, flow: "Flow") -> str:
    """Return the number as E.164; one without a country code is read in the flow's country."""
    try:
        number = phonenumbers.parse(value.strip(), flow.country)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"a phone number, found none: {error}") from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError("a phone number that exists in its country's plan, found one that does not")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
