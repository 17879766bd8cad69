"""Value tables (§ 6.3)."""

from pydantic import Field

from processor.engine.entities.entity import Entity
from processor.engine.parameters import EntityReference
from processor.engine.plain_text import PlainText


class ValuesTable(Entity):
    """A table that gives a value for a key."""

    entity_kind = "values_table"

    entries: dict[str, PlainText] = Field(description="Key → value; keys match exactly. An empty value counts as none.")
    default: PlainText = Field(default="", description="Value of keys that have none; empty: there is no default.")


class ValuesTableReference(EntityReference):
    """A values table."""

    kind = "values_table"
