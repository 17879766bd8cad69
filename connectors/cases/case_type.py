"""Case types, as the definitions declare them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from connectors.cases.case import STATUS, TITLE
from connectors.framework.errors import Refused
from connectors.records.declared_fields import Declared, DeclaredField, checked, declared_fields

KIND = "case_type"

_OPEN = "open"
_STANDARD = {TITLE: DeclaredField(), STATUS: DeclaredField()}


@dataclass(frozen=True, slots=True)
class CaseType:
    """A type of cases."""

    reference: str
    name: str
    fields: Declared
    """Every field that a case of this type has; title and status come first."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Read it from its definition."""
        fields = declared_fields(document.get("fields", {}), "values")
        return cls(document["reference"], document.get("name") or document["reference"], {**_STANDARD, **fields})

    @classmethod
    def gone(cls, reference: str) -> Self:
        """The type of a case whose definition is no longer in service: nothing but title and status can be changed."""
        return cls(reference, reference, _STANDARD)

    @property
    def first_status(self) -> str:
        """What a new case's status is: the first that the type lists, else `open`."""
        status = self.fields[STATUS]
        return status.choices[0] if status.type == "list" else _OPEN if status.type in {"text", "long_text"} else ""

    def checked(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return values in canonical text; empty ones clear their fields.

        A required field cannot be cleared: what was to be there at the creation is to be there later, too. A case that a flow opens
        begins without it all the same, because the flow can give a title only and fills the fields in afterwards.

        Raises Refused with reason `unknown_field` or `wrong_type`.
        """
        canonical = checked(values, self.fields)
        for name, value in canonical.items():
            if self.fields[name].required and not value:
                raise Refused("wrong_type", f"Field {name}: expected a value, because it is required; found none.")
        return canonical
