"""Conditions on values (§ 6.2): one operator, a value, mostly another to compare it with."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, Self

import re2
from pydantic import Field, model_validator

from processor.engine.field_types import canonical
from processor.engine.parameters import Parameter
from processor.engine.template import Template
from processor.engine.visit import Visit

Operator = Literal[
    "=", "≠", "≥", "≤", "contains", "starts_with", "ends_with", "exists", "does_not_exist", "is_empty", "is_true", "is_false",
    "is_date", "is_morning", "is_afternoon", "is_weekend", "is_odd_week", "is_even_week", "regular_expression",
]  # fmt: skip

BINARY = frozenset({"=", "≠", "≥", "≤", "contains", "starts_with", "ends_with", "regular_expression"})


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
        path = self.variable.path
        if path == ("checkpoints",):
            return self._holds_for_list(visit, visit.scope["checkpoints"])
        declared = _declared(path, visit)
        missing: list[str] = []
        text = self.variable.render(visit.scope, missing)
        absent = not text
        match self.operator:
            case "exists":
                return not absent
            case "does_not_exist" | "is_empty":
                return absent
        other = visit.render(self.value) if self.value is not None else ""
        if self.operator == "regular_expression":
            pattern = compiled(other)
            return not absent and pattern.search(text) is not None
        if absent:
            return False
        match self.operator:
            case "is_true" | "is_false":
                return _read("boolean", text, visit) == ("true" if self.operator == "is_true" else "false")
            case "contains":
                return other in text
            case "starts_with":
                return text.startswith(other)
            case "ends_with":
                return text.endswith(other)
            case "is_date":
                return _is_date(text, visit)
            case "is_morning" | "is_afternoon":
                morning = _moment(text, visit).hour < 12
                return morning == (self.operator == "is_morning")
            case "is_weekend":
                return _day(text, visit).isoweekday() >= 6
            case "is_odd_week" | "is_even_week":
                return _day(text, visit).isocalendar().week % 2 == (1 if self.operator == "is_odd_week" else 0)
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


@lru_cache(maxsize=1024)
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
        raise Incomparable("bad_pattern", f"a regular expression of RE2; found {error}") from error


def _declared(path: tuple[str, ...] | None, visit: Visit) -> str:
    if path == ("now",) or path == ("interaction", "started_at"):
        return "date_and_time"
    return visit.flow.declared(*path) if path is not None and len(path) == 2 else "text"


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
