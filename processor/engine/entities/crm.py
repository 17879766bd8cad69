"""Customer-contact directories (§ 5.5, 5.6)."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from processor.engine.entities.declared_field import DeclaredField, unreserved
from processor.engine.entities.entity import Entity, Name
from processor.engine.parameters import EntityReference

RESERVED: Final = frozenset({"crm", "id", "object"})
"""Fields of the variable `crm` that say which card it is."""

CardFields = Annotated[dict[Name, DeclaredField], AfterValidator(lambda fields: unreserved(fields, RESERVED))]
"""Fields of a card by name; none has the name of what the variable `crm` holds beside them."""


class Crm(Entity):
    """A directory of customers' cards."""

    entity_kind = "crm"

    fields: CardFields = Field(min_length=1, description="Field of a card → its type.")
    integration: bool = Field(default=False, description="Whether an integration keeps the cards; a search then never creates one.")
    maximum_assertions: int = Field(default=10, ge=1, le=100, description="Assertions that a search may have.")
    maximum_fields: int = Field(default=50, ge=1, le=500, description="Fields that a card may be created with.")


class CrmReference(EntityReference):
    """A CRM."""

    kind = "crm"
