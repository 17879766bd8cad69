"""Customer-contact directories (§ 5.5, 5.6)."""

from collections.abc import Iterable
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from processor.engine.entities.declared_field import DeclaredField, unreserved
from processor.engine.entities.entity import Entity, Name
from processor.engine.parameters import EntityReference

RESERVED: Final = frozenset({"crm", "id", "object"})
"""Fields of the variable `crm` that say which card it is."""

CardFields = Annotated[dict[Name, DeclaredField], AfterValidator(lambda fields: unreserved(fields, RESERVED))]
"""Fields of a card by name; none has the name of what the variable `crm` holds beside them."""


def declared_once(names: Iterable[str], fields: dict[str, DeclaredField]) -> None:
    """Raise ValueError where unique fields are not among the fields, or one comes twice."""
    seen = set()
    for name in names:
        if name not in fields:
            raise ValueError(f"`unique` with some of the fields {', '.join(fields)}, found {name!r}")
        if name in seen:
            raise ValueError(f"`unique` with each field once, found {name!r} twice")
        seen.add(name)


class Crm(Entity):
    """A directory of customers' cards."""

    entity_kind = "crm"

    fields: CardFields = Field(min_length=1, description="Field of a card → its type.")
    unique: list[Name] = Field(
        default_factory=list, description="Fields in which no two cards have the same value; a second one is a duplicate and not created."
    )
    integration: bool = Field(default=False, description="Whether an integration keeps the cards; a search then never creates one.")
    maximum_assertions: int = Field(default=10, ge=1, le=100, description="Assertions that a search may have.")
    maximum_fields: int = Field(default=50, ge=1, le=500, description="Fields that a card may be created with.")

    @model_validator(mode="after")
    def _unique_fields_are_declared(self) -> Self:
        declared_once(self.unique, self.fields)
        return self


class CrmReference(EntityReference):
    """A CRM."""

    kind = "crm"
