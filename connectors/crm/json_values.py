"""Values of fields as CRMs have them in JSON."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.crm.cards import Card
from connectors.crm.directory import Directory
from connectors.crm.tables import LONGEST_CARD
from connectors.framework.errors import Refused
from connectors.framework.field_values import LONGEST_NUMBER
from connectors.records.records import Asserted, Collection, Combination

Names = Mapping[str, str]
"""Field → what the CRM calls it; a field that is not there has its own name."""


def to_json(kind: str, value: str) -> Any:
    """Return a canonical value as JSON.

    Raises Refused with reason `wrong_type` for a number that JSON's readers would round (IEEE 754, double).
    """
    match kind:
        case "boolean":
            return value == "true"
        case "number":
            number = Decimal(value)
            if number == number.to_integral_value():
                return int(number)
            if Decimal(repr(float(number))) != number:
                raise Refused("wrong_type", f"Expected a number that a CRM can hold, found one of {len(value)} digits.")
            return float(number)
        case _:
            return value


def read_card(identity: Any, found: Any, directory: Directory, names: Names) -> Card | None:
    """Return a card of what a CRM says; None where it has no id that can be kept. Values that do not fit their field are left out."""
    if isinstance(identity, bool) or not isinstance(identity, str | int) or not _can_be_kept(str(identity)):
        return None
    values = {}
    for name, field in directory.fields.items():
        try:
            value = field.fitting(name, _text(found.get(names.get(name, name)) if isinstance(found, Mapping) else None))
        except Refused:
            continue
        if value:
            values[name] = value
    return Card(str(identity), values)


def meets(card: Card, directory: Directory, wanted: list[Asserted], combine: Combination) -> bool:
    """Whether a card meets the assertions as the schema has it: many CRMs take upper and lower case for the same."""
    collection = Collection("", directory.fields)
    held = (not collection.differs_from(card.values.get(name, ""), name, value) for name, value in wanted)
    return all(held) if combine == "all" else any(held)


def _can_be_kept(identity: str) -> bool:
    return 0 < len(identity) <= LONGEST_CARD and identity.isprintable()  # no NUL and no lone surrogate, which no SQL server keeps


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case Decimal() if abs(value.adjusted()) > LONGEST_NUMBER:  # written out, 1e999999999 has a billion digits
            return str(value)
        case int() | Decimal():
            return format(Decimal(value), "f")
        case _:
            return json.dumps(value, default=str)
