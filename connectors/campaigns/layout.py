"""Layouts: the fields that a target carries beside its number (§ 9)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.framework.errors import Refused
from connectors.framework.field_values import check

KIND: Final = "campaign_layout"


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout in service: its fields as the definition declares them, `type`, `values` and `required` where they are said."""

    fields: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Layout":
        """Read it from its definition."""
        return cls(document["fields"])

    @classmethod
    def none(cls) -> "Layout":
        """Return the one of targets that have nothing beside their number."""
        return cls({})

    def fitting(self, given: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """Return a target's fields in canonical text, empty ones left out.

        Raises Refused with reason `unknown_field`, also where there is no layout, `wrong_type`, or `refused` where a field is given twice
        or a required one has no value; the flow looks at all that before it asks, but the layout may have changed in between.
        """
        found: dict[str, str] = {}
        for field in given:
            name = field["name"]
            if name not in self.fields:
                raise Refused("unknown_field", f"Expected a field that the layout declares, found {name!r}.")
            if name in found:
                raise Refused("refused", f"Field {name}: expected one value, found two.")
            declared = self.fields[name]
            found[name] = check(declared.get("type", "text"), field["value"], declared.get("values", ()), field=name)
        missing = [name for name, declared in self.fields.items() if declared.get("required", False) and not found.get(name)]
        if missing:
            raise Refused("refused", f"Field {missing[0]}: expected a value, found nothing.")
        return {name: value for name, value in found.items() if value}
