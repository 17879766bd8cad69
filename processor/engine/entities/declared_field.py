"""Fields that definitions declare: of cases, cards and campaign targets."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from processor.engine.entities.entity import Name, Part
from processor.engine.field_types import FieldType, canonical

if TYPE_CHECKING:
    from processor.engine.flow import Flow


class DeclaredField(Part):
    """A field of a case, a card or a campaign target."""

    type: Literal[FieldType, "list"] = Field(default="text", description="Type of its values; list: one of `values`.")
    values: list[Name] = Field(default_factory=list, description="What may be chosen, where the type is list.")
    required: bool = Field(default=False, description="Whether whatever is created must have a value in it.")

    @model_validator(mode="after")
    def _a_list_has_values(self) -> Self:
        if (self.type == "list") != bool(self.values):
            raise ValueError(f"`values` with type list, and with no other, found {len(self.values)} with type {self.type}")
        return self

    def canonical(self, value: str, flow: "Flow") -> str:
        """Return a text in the type's canonical form; nothing but white space is empty.

        Raises ValueError where it does not fit.
        """
        if not value.strip():
            return ""
        if self.type != "list":
            return canonical(self.type, value, flow)
        if value.strip() not in self.values:
            raise ValueError(f"one of {', '.join(self.values)}, found {value[:40]!r}")
        return value.strip()


def unreserved(fields: dict[str, DeclaredField], reserved: frozenset[str]) -> dict[str, DeclaredField]:
    """Return the fields. Raises ValueError where one has the name of something that there is beside them."""
    for name in fields:
        if name in reserved:
            raise ValueError(f"a name that is not one of {', '.join(sorted(reserved))}, found {name!r}")
    return fields
