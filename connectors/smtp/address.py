"""An e-mail address as it is written in envelopes and headers."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email


class NotAnAddress(ValueError):
    """A text that is no e-mail address, or one that hides a second line."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address: its domain as DNS has it (RFC 5891, A-labels), so that only a local part beyond ASCII needs SMTPUTF8 (RFC 6531)."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read an address.

        Raises NotAnAddress; a line break, a space, a control character or a second address is never part of one (RFC 5321, 4.1.2).
        """
        try:
            found = validate_email(text, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise NotAnAddress(str(error)) from None
        return cls(f"{found.local_part}@{found.ascii_domain}")

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server that knows SMTPUTF8 can take it."""
        return not self.text.isascii()
