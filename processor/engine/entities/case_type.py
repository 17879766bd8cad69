"""Case types (§ 5.3, 5.4)."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from processor.engine.entities.declared_field import DeclaredField, unreserved
from processor.engine.entities.entity import Entity, Name
from processor.engine.parameters import EntityReference

RESERVED: Final = frozenset({"id", "reference", "type"})
"""Fields of the variable `case` that no modification reaches."""

STANDARD: Final[Mapping[str, DeclaredField]] = {"title": DeclaredField(), "status": DeclaredField()}
"""Fields that every case has; a type may declare them otherwise."""


class CaseType(Entity):
    """A type of cases, with the fields that they have beside title and status."""

    entity_kind = "case_type"

    fields: Annotated[dict[Name, DeclaredField], AfterValidator(lambda fields: unreserved(fields, RESERVED))] = Field(
        default_factory=dict,
        description="Field → its type; `title` and `status` are there in any case, as text where nothing else is said.",
    )

    @property
    def declared(self) -> Mapping[str, DeclaredField]:
        """Every field that a case of this type has."""
        return {**STANDARD, **self.fields}


class CaseTypeReference(EntityReference):
    """A case type."""

    kind = "case_type"
