"""What a flow document holds beside its actions' own parameters."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from processor.engine.field_types import FieldType
from processor.flow.names import ActionId, Country, FieldName, LocaleName, Reference, Timezone, VariableName

Title = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


class FlowDocument(BaseModel):
    """A flow: a graph of actions, published as numbered versions."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["flow"] = Field(default="flow", description="Kind of the document.")
    ref: Reference = Field(description="Reference by which entry points and other flows name this one.")
    name: Title = Field(default="", description="Name for people; the reference where none is given.")
    type: Literal["start", "end_of_interaction"] = Field(
        default="start", description="`start`: opens interactions or takes them over; `end_of_interaction`: runs as their tail."
    )
    timezone: Timezone = Field(description="Time zone of dates and times, such as Europe/Paris.")
    locale: LocaleName = Field(description="Language and country in which customers write numbers and dates, such as fr or pt-BR.")
    country: Country = Field(description="Default country of phone numbers, ISO 3166-1 alpha-2, such as FR.")
    variables: dict[VariableName, dict[FieldName, FieldType]] = Field(
        default_factory=dict, description="Variables that the flow reads and writes: variable → field → type."
    )
    actions: dict[ActionId, dict[str, Any]] = Field(description="Actions by their ids; the one named `start` begins.")
