"""Amounts of money: decimals everywhere, never binary fractions."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency
from iso4217 import Currency
from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

LARGEST: Final = Decimal(10) ** 12
"""An amount is below this; more would be a mistake."""

_LONGEST_TEXT: Final = 32
_LONGEST_LOCALE: Final = 64


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency of ISO 4217."""

    amount: Decimal
    currency: str

    @classmethod
    def read(cls, amount: str | Decimal, currency: str) -> "Money":
        """Read an amount above 0 with no more decimals than the currency has.

        Raises ValueError, which says what was expected.
        """
        exponent = exponent_of(currency)
        try:
            decimal = Decimal(amount)
        except InvalidOperation:
            raise ValueError("expected a decimal, such as 12.50") from None
        if not decimal.is_finite() or not 0 < decimal < LARGEST:
            raise ValueError(f"expected an amount above 0 and below {LARGEST:f}")
        if decimal != round(decimal, exponent):
            raise ValueError(f"expected an amount of at most {exponent} decimals, as {currency} has")
        return cls(decimal, currency)

    @property
    def text(self) -> str:
        """The amount in canonical text, such as 12.5: no exponent, no zeros at the end."""
        text = f"{self.amount:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def shown(self, locale: str | None) -> str:
        """Return it as people of a locale write it (CLDR); the decimals are the currency's."""
        return format_currency(self.amount, self.currency, locale=known_locale(locale))


def exponent_of(currency: str) -> int:
    """Return how many decimals a currency has.

    Raises ValueError where ISO 4217 has no such currency, or nothing can be paid in it, such as gold (XAU).
    """
    try:
        exponent = Currency(currency).exponent
    except ValueError:
        exponent = None
    if exponent is None:
        raise ValueError("expected a currency of ISO 4217, such as EUR")
    return exponent


def is_locale(text: str | None) -> bool:
    """Whether CLDR knows a locale; what a customer's channel says of it may be anything."""
    return _locale(text) is not None


def known_locale(text: str | None, otherwise: str = "en") -> Locale:
    """Return a locale; `otherwise` where none is given, or one that nobody knows."""
    return _locale(text) or _locale(otherwise) or Locale.parse("en")


def _locale(text: str | None) -> Locale | None:
    if not text or len(text) > _LONGEST_LOCALE:
        return None
    try:
        return Locale.parse(text.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return None


class Amount(TypeDecorator[Decimal]):
    """A column of decimals, kept as text: SQLite has no decimals, and would make binary fractions of them."""

    impl = String(_LONGEST_TEXT)
    cache_ok = True

    @override
    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else f"{value:f}"

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)
