"""Surveys (§ 10.1)."""

from pydantic import Field

from processor.engine.entities.entity import Entity
from processor.engine.parameters import EntityReference
from processor.engine.template import Template


class SurveyDefinition(Entity):
    """Questions that a customer is invited to answer."""

    entity_kind = "survey"

    url: str | None = Field(default=None, pattern=r"^https://\S+$", description="Where it is answered, if that is known beforehand.")
    invitation: Template | None = Field(
        default=None,
        description="What the customer is told as soon as the survey is attached; `{{ link }}` stands for where to answer it. "
        "Without an invitation the survey's provider invites in its own way.",
    )


class SurveyReference(EntityReference):
    """A survey."""

    kind = "survey"
