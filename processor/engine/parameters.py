"""Kinds of parameters that many action types share."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from processor.engine.template import Template

if TYPE_CHECKING:
    from processor.engine.definitions import Definitions
    from processor.engine.entities import Entity


class Parameter(BaseModel):
    """A group of parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, strict=True)


class Target(Parameter):
    """The field of a flow variable that receives a value."""

    variable: str = Field(description="Variable, as the document declares it.")
    field: str = Field(description="Field of the variable.")


class EntityReference(Parameter):
    """I know / I want: an entity by its id, or by its reference, which may be a template."""

    kind: ClassVar[str]

    id: str | None = Field(default=None, description="Id of the entity.")
    reference: Template | None = Field(default=None, description="Reference of the entity; may hold variables.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.id is None) == (self.reference is None):
            raise ValueError("exactly one of `id` and `reference`")
        return self

    def known(self, definitions: Definitions) -> Entity | None:
        """Return the entity, as far as it can be known before an interaction: None where there is none, or a template names it."""
        if self.reference is None:
            return definitions.entity(self.kind, self.id or "")
        return definitions.by_reference(self.kind, (self.reference.constant or "").strip())


class CheckpointReference(EntityReference):
    """A checkpoint."""

    kind = "checkpoint"


class WebServiceReference(EntityReference):
    """A web service."""

    kind = "web_service"


class FlowReference(EntityReference):
    """A smart routing; its id is its reference."""

    kind = "flow"
