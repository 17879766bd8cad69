"""Amounts of money that a customer can be asked to pay (§ 11.2): ISO 4217 by the standard's own table, which CLDR's differs from."""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from iso4217 import Currency

from processor.engine.field_types import number

if TYPE_CHECKING:
    from processor.engine.flow import Flow

DECIMALS: Final = 2
"""Decimals that an amount has at most, whatever its currency."""


class Unpayable(ValueError):
    """A payment that cannot be asked for; `reason` is a reason code, such as invalid_amount or invalid_currency."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def currency_of(text: str) -> str:
    """Return a currency's code.

    Raises Unpayable where ISO 4217 has no such currency, or nothing can be paid in it, such as gold (XAU).
    """
    code = text.strip().upper()
    try:
        exponent = Currency(code).exponent
    except ValueError:
        exponent = None
    if exponent is None:
        raise Unpayable("invalid_currency", f"a currency of ISO 4217, such as EUR, found {text.strip()[:40]!r}")
    return code


def read(text: str, flow: "Flow") -> str:
    """Return a canonical decimal, read as canonical first and in the flow's locale otherwise.

    Raises Unpayable where the text is no number.
    """
    try:
        return number.parse(text, flow)
    except ValueError as problem:
        raise Unpayable("invalid_amount", str(problem)) from problem


def payable(amount: str, currency: str | None = None) -> str:
    """Return a canonical decimal that is an amount to pay, in the currency where that is known.

    Raises Unpayable where it is not above 0, or has more decimals than the currency or than two.
    """
    exponent = DECIMALS if currency is None else Currency(currency).exponent or 0
    allowed = min(DECIMALS, exponent)
    if Decimal(amount) <= 0:
        raise Unpayable("invalid_amount", f"an amount above 0, found {amount}")
    if len(amount.partition(".")[2]) > allowed:
        raise Unpayable("invalid_amount", f"an amount of at most {allowed} decimals{_of(currency)}, found {amount}")
    return amount


def _of(currency: str | None) -> str:
    return f" of {currency}" if currency is not None else ""
