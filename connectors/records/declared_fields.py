"""The fields that a definition declares, as connectors hold values against them."""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.framework.errors import Refused
from connectors.framework.field_values import check, comparable


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """One field."""

    type: str = "text"
    required: bool = False
    choices: tuple[str, ...] = ()

    def fitting(self, name: str, value: str) -> str:
        """Return a value in canonical text.

        Raises Refused with reason `wrong_type`.
        """
        return check(self.type, value, self.choices, field=name)


Declared = Mapping[str, DeclaredField]


def declared_fields(definition: Mapping[str, Mapping[str, Any]], choices: str) -> dict[str, DeclaredField]:
    """Read the fields of a document by name; `choices` is what the document calls the texts of a list."""
    return {
        name: DeclaredField(field.get("type", "text"), bool(field.get("required", False)), tuple(field.get(choices, ())))
        for name, field in definition.items()
    }


def checked(values: Mapping[str, str], declared: Declared) -> dict[str, str]:
    """Return the values in canonical text; empty ones are kept.

    Raises Refused with reason `unknown_field` or `wrong_type`.
    """
    for name in values:
        if name not in declared:
            raise Refused("unknown_field", f"Expected a field that the definition declares, found {name!r}.")
    return {name: declared[name].fitting(name, value) for name, value in values.items()}


def complete(values: Mapping[str, str], declared: Declared) -> None:
    """Raise Refused with reason `missing_field` where a required field has no value."""
    for name, field in declared.items():
        if field.required and not values.get(name):
            raise Refused("missing_field", f"Field {name}: expected a value, found nothing.")


def key_of(collection: str, name: str, type: str, value: str) -> bytes:  # noqa: A002 - the schemas' word
    """Return the key by which a value is found: the same for values that are equal as their type compares them, and for no others.

    A value that is none of its type, left from before the type was changed, is compared as text.
    """
    kind, seen = "text", value
    if type in {"number", "date", "date_and_time"}:
        # A canonical decimal has one form only, so that its text says what it is; Decimal would round one of 60 digits when normalised.
        with contextlib.suppress(Refused, ValueError, OverflowError):
            kind, seen = type, check(type, value) if type == "number" else comparable(type, value).isoformat()
    text = json.dumps([collection, name, kind, seen])
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
