"""Invoices: how one is looked up, and how it is kept in the variable `bill` (§ 11)."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from processor.engine.field_types import email, phone
from processor.engine.flow import Flow
from processor.engine.template import Template
from processor.engine.visit import Visit

Identifier = Literal["invoice_number", "mobile_phone_number", "landline_number", "customer_number", "invoice_id", "email_address"]
"""What is known of the invoice."""

Selection = Literal["oldest", "most_recent"]
"""Which of several, by date of issue."""

FIELDS: Final = (
    "id", "number", "amount", "currency", "customer_number", "name",
    "email", "mobile_phone", "landline_phone", "issued_on", "due_on", "status",
)  # fmt: skip
"""Fields of `bill`; the billing connector answers with values of these names."""


class Unsearchable(ValueError):
    """A value that no invoice can be found by; `reason` is empty_value, invalid_number or invalid_email."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def sought(visit: Visit, identifier: Identifier, value: Template) -> str:
    """Return the value to look an invoice up by: phone numbers as E.164, e-mail addresses with their domain normalised.

    Raises TemplateFailed, and Unsearchable where there is nothing to look up.
    """
    text = visit.render(value).strip()
    if not text:
        raise Unsearchable("empty_value")
    match identifier:
        case "mobile_phone_number" | "landline_number":
            return _parsed(text, visit, phone.parse, "invalid_number")
        case "email_address":
            return _parsed(text, visit, email.parse, "invalid_email")
        case _:
            return text


def bill_in(values: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of `bill` that an answer holds; whatever else is in it is left out."""
    return {field: values[field] for field in FIELDS if values.get(field)}


def _parsed(text: str, visit: Visit, parse: Callable[[str, Flow], str], reason: str) -> str:
    try:
        return parse(text, visit.flow)
    except ValueError as problem:
        raise Unsearchable(reason) from problem
