"""An invoice as people and programs bring it in."""

import datetime as dt
import hashlib
from decimal import Decimal
from typing import Annotated, Any, Self

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from connectors.billing.money import Money
from connectors.billing.tables import LONGEST_WORD


def _phone(text: str) -> str:
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        raise ValueError("expected a phone number with its country code, such as +353861234567") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("expected a phone number that there can be")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError(f"expected an e-mail address: {error}") from None


def _no_binary_fraction(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError('expected an amount as text, such as "12.50": a JSON or YAML number would be rounded')  # noqa: TRY004 - pydantic's rule
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def _empty_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


_Optional = BeforeValidator(_empty_is_none)
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_WORD, pattern=r"^[^\x00-\x1f\x7f]*$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000, pattern=r"^[^\x00-\x1f\x7f]*$")]


class NewInvoice(BaseModel):
    """One invoice. Its id is the billing system's; without one it is derived from the number, so that an import may be repeated."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")] | None, _Optional] = None
    number: Word
    amount: Annotated[str, BeforeValidator(_no_binary_fraction), StringConstraints(strip_whitespace=True, max_length=32)]
    currency: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=3, max_length=3)]
    status: Word = "open"
    customer_number: Annotated[Word | None, _Optional] = None
    name: Annotated[Line | None, _Optional] = None
    email: Annotated[Annotated[str, AfterValidator(_email)] | None, _Optional] = None
    mobile_phone: Annotated[Annotated[str, AfterValidator(_phone)] | None, _Optional] = None
    landline_phone: Annotated[Annotated[str, AfterValidator(_phone)] | None, _Optional] = None
    issued_on: Annotated[dt.date | None, _Optional] = Field(default=None)
    due_on: Annotated[dt.date | None, _Optional] = Field(default=None)

    @model_validator(mode="after")
    def _amount_fits_currency(self) -> Self:
        Money.read(self.amount, self.currency)
        return self

    @property
    def money(self) -> Money:
        """What is to be paid."""
        return Money.read(self.amount, self.currency)

    @property
    def identity(self) -> str:
        """Its id."""
        return self.id or hashlib.sha256(self.number.encode()).hexdigest()[:32]
