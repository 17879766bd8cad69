"""An invoice."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.billing.money import Money

PAID: Final = "paid"

_PUNCTUATION: Final = re.compile(r"[\s._/\\-]+")


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as the store has it."""

    id: str
    number: str
    money: Money
    status: str
    customer_number: str | None
    name: str | None
    email: str | None
    mobile_phone: str | None
    landline_phone: str | None
    issued_on: str | None
    due_on: str | None
    version: int

    @classmethod
    def of(cls, row: Any) -> "Invoice":
        """Read a row of the table."""
        return cls(
            row.id,
            row.number,
            Money(row.amount, row.currency),
            row.status,
            row.customer_number,
            row.name,
            row.email,
            row.mobile_phone,
            row.landline_phone,
            row.issued_on,
            row.due_on,
            row.version,
        )

    @property
    def values(self) -> Mapping[str, str]:
        """What a command is answered with, as far as it is known (schema `billing_command`, FindInvoice)."""
        known = {
            "id": self.id,
            "number": self.number,
            "amount": self.money.text,
            "currency": self.money.currency,
            "customer_number": self.customer_number,
            "name": self.name,
            "email": self.email,
            "mobile_phone": self.mobile_phone,
            "landline_phone": self.landline_phone,
            "issued_on": self.issued_on,
            "due_on": self.due_on,
            "status": self.status,
        }
        return {name: value for name, value in known.items() if value}


def key_of(number: str) -> str:
    """Return a number as people may write it in other ways: without case, spaces, dots, dashes, strokes. Zeros stay: 7 is not 007."""
    return _PUNCTUATION.sub("", number).casefold()


def email_key_of(address: str) -> str:
    """Return an address as it is compared: no mail server that people use distinguishes case."""
    return address.strip().casefold()
