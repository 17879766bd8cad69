"""Phone numbers that something is sent to or looked up by (§ 3.2, 11): with their country code, and of a kind."""

from typing import TYPE_CHECKING

import phonenumbers
from phonenumbers import PhoneNumberType

from processor.engine.field_types import phone

if TYPE_CHECKING:
    from processor.engine.flow import Flow

# In North America a number's kind cannot be seen from it.
_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def international(text: str, flow: "Flow") -> str:
    """Return a number that is written with its country code as E.164.

    Raises ValueError where it has none, or is no number.
    """
    digits = text.strip()
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if not digits.startswith("+"):
        raise ValueError("a phone number with its country code, found one without")
    return phone.parse(digits, flow)


def is_mobile(number: str) -> bool:
    """Tell whether an E.164 number is, or may be, that of a mobile phone."""
    return phonenumbers.number_type(phonenumbers.parse(number)) in _MOBILE
