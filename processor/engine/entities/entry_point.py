"""Entry points: where conversations begin."""

from typing import Literal

from pydantic import Field

from processor.engine import limits
from processor.engine.entities.entity import Entity, Name


class EntryPoint(Entity):
    """Binds a channel account to a flow."""

    entity_kind = "entry_point"

    channel: Literal["web_chat", "whatsapp", "sms"]
    account: Name
    flow: Name = Field(description="Reference of the flow whose production version opens.")
    end_of_interaction: Name | None = Field(default=None, description="Reference of the flow that runs as each interaction's tail.")
    expires_after_hours: int = Field(default=limits.EXPIRY_HOURS, ge=1, le=24 * 366)
    maximum_distributions: int = Field(default=limits.HAND_OVERS, ge=0, le=100, description="Hand-overs to another flow per interaction.")
