"""Amounts as Stripe's API has them: whole numbers of a currency's smallest unit."""

from decimal import Decimal
from types import MappingProxyType
from typing import Final

from connectors.billing.money import Money, exponent_of

# Where Stripe's units are not those of ISO 4217 (docs.stripe.com/currencies, "zero-decimal currencies" and "special cases").
_EXPONENTS: Final = MappingProxyType({"ISK": 2, "UGX": 2, "MGA": 0})


def minor_units(money: Money) -> int:
    """Return an amount in the currency's smallest unit.

    Raises ValueError where it has a fraction of one.
    """
    units = money.amount * Decimal(10) ** _EXPONENTS.get(money.currency, exponent_of(money.currency))
    if units != int(units):
        raise ValueError(f"expected whole units of {money.currency}")
    return int(units)
