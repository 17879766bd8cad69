"""Which numbers a campaign can contact, by its medium."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

from connectors.framework.errors import Refused

_MOBILE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_NOT_CALLED: Final = frozenset({PhoneNumberType.PAGER, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.UNKNOWN, PhoneNumberType.VOICEMAIL})

CONTACTS: Final[Mapping[str, frozenset[int]]] = MappingProxyType(
    {
        # FIXED_LINE_OR_MOBILE is what North American numbers are: their plan does not tell the two apart (§ 3.2).
        "sms": _MOBILE,
        # Customers' accounts are confirmed by a text, so a fixed line has none; companies', which may have one, are no targets.
        "whatsapp": _MOBILE,
        # Whoever calls a premium rate pays for it, and nobody answers the others.
        "voice": frozenset(PhoneNumberType.values()) - _NOT_CALLED,
    }
)
"""Medium → types of numbers (libphonenumber's) that its campaigns contact."""


def contacted(medium: str, phone_number: str) -> str:
    """Return a number in E.164, as one and the same number is always written.

    Raises Refused with outcome `invalid_number` where it is none with a country code, or none that campaigns of the medium can contact.
    """
    try:
        number = phonenumbers.parse(phone_number, None)
    except phonenumbers.NumberParseException:
        raise _invalid("Expected a phone number with its country code.") from None
    if not phonenumbers.is_valid_number(number):
        raise _invalid("The phone number does not exist in its country's plan.")
    kind = phonenumbers.number_type(number)
    if kind not in CONTACTS[medium]:
        raise _invalid(f"A {medium} campaign cannot contact a number of type {PhoneNumberType.to_string(kind)}.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _invalid(detail: str) -> Refused:
    return Refused("invalid_number", detail, outcome="invalid_number")
