"""Custom databases (§ 6.4 to 6.6): their shape. The rows are the connector's."""

from typing import Literal, Self

from pydantic import Field, model_validator

from processor.engine.entities.entity import Entity, Name, Part
from processor.engine.field_types import FieldType
from processor.engine.parameters import EntityReference
from processor.engine.plain_text import PlainText


class Column(Part):
    """One column."""

    type: Literal[FieldType, "list"] = Field(default="text", description="Type of its values; `list`: one of the proposals.")
    required: bool = Field(default=False, description="Whether every row has a value in it.")
    proposals: list[PlainText] = Field(default_factory=list, description="The values that a column of type `list` can have.")

    @model_validator(mode="after")
    def _a_list_has_proposals(self) -> Self:
        if (self.type == "list") != bool(self.proposals):
            raise ValueError("`proposals` for a column of type list, and for no other")
        if len({"", *map(str.strip, self.proposals)}) <= len(self.proposals) or any(text != text.strip() for text in self.proposals):
            raise ValueError("proposals that differ, none of them empty or with spaces around it")
        return self


class Database(Entity):
    """A custom database."""

    entity_kind = "database"

    columns: dict[Name, Column] = Field(min_length=1, description="Column → what it holds.")


class DatabaseReference(EntityReference):
    """A database."""

    kind = "database"
