"""Conditions on values (§ 6.2): one operator, a value, mostly another to compare it with."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, Self

import re2
from pydantic import Field, model_validator

from processor.engine.field_types import canonical, number
from processor.engine.parameters import Parameter
from processor.engine.template import Template
from processor.engine.visit import BUILT_IN_TYPES, Visit

Operator = Literal[
    "=", "≠", "≥", "≤", "contains", "starts_with", "ends_with", "exists", "does_not_exist", "is_empty", "is_true", "is_false",
    "is_date", "is_morning", "is_afternoon", "is_weekend", "is_odd_week", "is_even_week", "regular_expression",
]  # fmt: skip

BINARY = frozenset({"=", "≠", "≥", "≤", "contains", "starts_with", "ends_with", "regular_expression"})
EXISTENCE = frozenset({"exists", "does_not_exist", "is_empty"})


class Incomparable(ValueError):
    """Values that an operator cannot be applied to; `reason` is not_comparable or bad_pattern."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: expected {detail}")
        self.reason = reason


class Condition(Parameter):
    """One condition."""

    variable: Template = Field(description="The value to test, such as {{ order.total }}.")
    operator: Operator
    value: Template | None = Field(default=None, description="What to compare with; not for operators that look at one value only.")

    @model_validator(mode="after")
    def _value_where_needed(self) -> Self:
        if self.operator in BINARY and self.value is None:
            raise ValueError(f"a `value` for operator {self.operator}")
        if self.operator not in BINARY and self.value is not None:
            raise ValueError(f"no `value` for operator {self.operator}")
        return self

    def holds(self, visit: Visit) -> bool:
        """Tell whether the condition is fulfilled.

        Raises Incomparable.
        """
        if self.variable.path == ("checkpoints",):
            return self._holds_for_list(visit, visit.scope["checkpoints"])
        if self.operator in EXISTENCE:
            return bool(self.variable.render(visit.scope, [])) == (self.operator == "exists")
        text = visit.render(self.variable)
        if self.value is None:
            return bool(text) and self._is_so(text, visit)
        other = visit.render(self.value)
        if self.operator == "regular_expression":
            compiled(other)  # one that does not compile is an error, whatever there is to search in
        if not text or (not other and self.value.constant is None):  # a template that renders empty names a variable that is missing
            return False
        return self._compares(text, other, visit)

    def _is_so(self, text: str, visit: Visit) -> bool:
        """Tell whether a text is what an operator without a value looks for."""
        match self.operator:
            case "is_true" | "is_false":
                return _read("boolean", text, visit) == self.operator.removeprefix("is_")
            case "is_date":
                return _is_date(text, visit)
            case "is_morning" | "is_afternoon":
                return (_moment(text, visit).hour < 12) == (self.operator == "is_morning")
            case "is_weekend":
                return _day(text, visit).isoweekday() >= 6
            case _:
                return (_day(text, visit).isocalendar().week % 2 == 1) == (self.operator == "is_odd_week")

    def _compares(self, text: str, other: str, visit: Visit) -> bool:
        """Tell whether an operator holds between two texts, read in the declared type where it orders or equates."""
        match self.operator:
            case "contains":
                return other in text
            case "starts_with":
                return text.startswith(other)
            case "ends_with":
                return text.endswith(other)
            case "regular_expression":
                return compiled(other).search(text) is not None
        declared = _declared(self.variable.path, visit)
        if self.variable.path is None and self.operator in ("≥", "≤") and _are_numbers(text, other):
            declared = "number"  # what was reckoned has no declared type, and an order of texts is never meant
        left, right = _comparable(declared, text, visit), _comparable(declared, other, visit)
        match self.operator:
            case "=":
                return bool(left == right)
            case "≠":
                return bool(left != right)
            case "≥":
                return bool(left >= right)
            case _:
                return bool(left <= right)

    def _holds_for_list(self, visit: Visit, items: list[str]) -> bool:
        match self.operator:
            case "contains":
                assert self.value is not None, "checked with the document"
                return visit.render(self.value) in items
            case "exists":
                return bool(items)
            case "does_not_exist" | "is_empty":
                return not items
            case _:
                raise Incomparable("not_comparable", f"contains, exists, does_not_exist or is_empty for a list; found {self.operator}")


@lru_cache(maxsize=128)  # a program may take a megabyte, and a pattern may come from a variable
def compiled(pattern: str) -> Any:  # re2 has no types
    """Return a regular expression that runs in time linear in the text (RE2).

    Raises Incomparable with reason `bad_pattern`.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace")  # bytes, as RE2 says it
        raise Incomparable("bad_pattern", f"a regular expression of RE2; found {said}") from error


def _declared(path: tuple[str, ...] | None, visit: Visit) -> str:
    if path is None or len(path) > 2:
        return "text"
    return BUILT_IN_TYPES.get(path) or visit.flow.declared(path[0], path[-1])


def _are_numbers(*texts: str) -> bool:
    try:
        return all(number.plain(text) for text in texts)
    except ValueError:
        return False


def _read(declared: str, text: str, visit: Visit) -> str:
    try:
        return canonical(declared, text, visit.flow)
    except ValueError as problem:
        raise Incomparable("not_comparable", str(problem)) from problem


def _comparable(declared: str, text: str, visit: Visit) -> Any:
    """Return what two values of a type are compared by."""
    match declared:
        case "number":
            value = _read("number", text, visit)
            if not value:
                raise Incomparable("not_comparable", "a number; found nothing")
            return Decimal(value)
        case "date":
            return _day(text, visit)
        case "date_and_time":
            return _moment(text, visit)
        case "boolean" | "phone":
            return _read(declared, text, visit)
        case _:
            return text


def _is_date(text: str, visit: Visit) -> bool:
    try:
        _day(text, visit)
    except Incomparable:
        return False
    return True


def _day(text: str, visit: Visit) -> date:
    return _moment(text, visit).date()


def _moment(text: str, visit: Visit) -> datetime:
    value = _read("date_and_time", text, visit)
    if not value:
        raise Incomparable("not_comparable", "a date; found nothing")
    return datetime.fromisoformat(value)
