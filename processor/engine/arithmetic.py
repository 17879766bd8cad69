"""Liquid's arithmetic in decimals. The library's own filters compute in binary floating point, and read a decimal as 0."""

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any, Final

from liquid.exceptions import FilterArgumentError, ResourceLimitError
from liquid.filter import liquid_filter, sequence_filter

from processor.engine.field_types import number
from processor.engine.values import Number

DIGITS: Final = 28
"""Digits that a number may have before its point, and in all; decimals beyond them are rounded half up."""

_CONTEXT: Final = Context(DIGITS, ROUND_HALF_UP, 0, DIGITS - 1, 1, 0, [], [DivisionByZero, InvalidOperation, Overflow])
_WIDE: Final = Context(4 * DIGITS)

Filter = Callable[..., Any]


def _read(value: object) -> int | Decimal:
    """Return a number as Liquid reads it: a whole one as a whole one, 0 where it is none."""
    if isinstance(value, int | Decimal):
        return value
    text = format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)
    try:
        plain = number.plain(text)
    except ValueError:
        return 0
    return Decimal(plain) if "." in text else int(plain)


def _filter(compute: Callable[..., int | Decimal]) -> Filter:
    """Return a computation of numbers as a filter of anything, its result within the digits that there are."""

    @liquid_filter
    def apply(*values: object) -> int | Number:
        try:
            result = compute(*(_read(value) for value in values))
            bounded = _CONTEXT.plus(Decimal(result))
        except Overflow as error:
            raise ResourceLimitError(f"a number of more than {DIGITS} digits", token=None) from error
        except (ZeroDivisionError, InvalidOperation) as error:
            raise FilterArgumentError("a division by 0, or of numbers too far apart", token=None) from error
        return int(result) if isinstance(result, int) else Number(bounded)

    return apply


def _binary(whole: Callable[[int, int], int], broken: Callable[[Decimal, Decimal], Decimal]) -> Filter:
    """Return a filter of two numbers; of two whole ones it makes a whole one, such as 3 of `{{ 7 | divided_by: 2 }}`."""

    def compute(left: int | Decimal, right: int | Decimal) -> int | Decimal:
        if isinstance(left, int) and isinstance(right, int):
            return whole(left, right)
        return broken(Decimal(left), Decimal(right))

    return _filter(compute)


def _modulo(left: Decimal, right: Decimal) -> Decimal:
    rest = _CONTEXT.remainder(left, right)
    return _CONTEXT.add(rest, right) if rest and (rest < 0) != (right < 0) else rest


def _rounded(value: int | Decimal, decimals: int | Decimal = 0) -> int | Decimal:
    places = min(max(int(decimals), 0), DIGITS)
    rounded = Decimal(value).quantize(Decimal((0, (1,), -places)), ROUND_HALF_UP, _WIDE)
    return rounded if places else int(rounded)


@sequence_filter
def _sum(items: Iterable[object], key: object = None) -> object:
    """Return the sum of a list's numbers, or of a field of its items."""
    total: object = 0
    for item in items:
        total = _PLUS(total, item if key is None else item.get(key) if isinstance(item, Mapping) else 0)
    return total


_PLUS: Final = _binary(int.__add__, _CONTEXT.add)

FILTERS: Final[Mapping[str, Filter]] = {
    "abs": _filter(lambda value: abs(value) if isinstance(value, int) else _CONTEXT.abs(value)),
    "at_least": _binary(max, max),
    "at_most": _binary(min, min),
    "ceil": _filter(lambda value: int(Decimal(value).to_integral_value(ROUND_CEILING))),
    "divided_by": _binary(int.__floordiv__, _CONTEXT.divide),
    "floor": _filter(lambda value: int(Decimal(value).to_integral_value(ROUND_FLOOR))),
    "minus": _binary(int.__sub__, _CONTEXT.subtract),
    "modulo": _binary(int.__mod__, _modulo),
    "plus": _PLUS,
    "round": _filter(_rounded),
    "sum": _sum,
    "times": _binary(int.__mul__, _CONTEXT.multiply),
}
"""Filters by name, in place of the library's of the same names."""
