"""Layouts of campaign targets (§ 9)."""

from pydantic import Field

from processor.engine.entities.declared_field import DeclaredField
from processor.engine.entities.entity import Entity, Name
from processor.engine.parameters import EntityReference


class CampaignLayout(Entity):
    """The fields that a campaign's target carries beside its phone number."""

    entity_kind = "campaign_layout"

    fields: dict[Name, DeclaredField] = Field(min_length=1, description="Field of a target → its type.")


class CampaignLayoutReference(EntityReference):
    """A layout of campaign targets."""

    kind = "campaign_layout"
