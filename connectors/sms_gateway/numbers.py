"""What kind of number an address is, as far as numbering plans tell."""

import re
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164, 6.2.1: at most 15 digits
_NAME: Final = re.compile(r"(?=.*\S)[A-Za-z0-9 ]{1,11}")  # 3GPP TS 23.040, 9.1.2.5: short codes, and names of up to eleven characters

_NEVER_MOBILE: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)


def is_number(text: str) -> bool:
    """Whether a text is a phone number in E.164 that its country's plan has."""
    if not _E164.fullmatch(text):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text))
    except phonenumbers.NumberParseException:
        return False


def may_be_mobile(number: str) -> bool:
    """Whether an E.164 number can be a mobile phone's; where the plan does not tell apart, as in North America, it can."""
    return phonenumbers.number_type(phonenumbers.parse(number)) not in _NEVER_MOBILE


def is_sender(text: str) -> bool:
    """Whether a text can stand as sender: an E.164 number, a short code or a name."""
    return bool(_E164.fullmatch(text) or _NAME.fullmatch(text))
