"""An e-mail address as it is written in envelopes and headers."""

from dataclasses import dataclass
from typing import Final

from email_validator import EmailNotValidError, validate_email

ENCODED_WORD: Final = "=?"
"""How an encoded word begins (RFC 2047, 2)."""


class NotAnAddress(ValueError):
    """A text that is no e-mail address, or one that hides a second line."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address: its domain as DNS has it (RFC 5891, A-labels), so that only a local part beyond ASCII needs SMTPUTF8 (RFC 6531)."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read an address.

        Raises NotAnAddress; a line break, a space, a control character or a second address is never part of one (RFC 5321, 4.1.2), nor is
        an encoded word (RFC 2047, 5), which whoever reads the header decodes, with the line breaks in it.
        """
        if ENCODED_WORD in text:
            raise NotAnAddress("An address has no encoded words.")
        try:
            found = validate_email(text, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise NotAnAddress(str(error)) from None
        return cls(f"{found.local_part}@{found.ascii_domain}")

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server that knows SMTPUTF8 can take it."""
        return not self.text.isascii()
