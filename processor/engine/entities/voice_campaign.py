"""Voice campaigns (§ 9.2)."""

from processor.engine.entities.campaign import Campaign
from processor.engine.parameters import EntityReference


class VoiceCampaign(Campaign):
    """An outbound voice campaign."""

    entity_kind = "voice_campaign"


class VoiceCampaignReference(EntityReference):
    """A voice campaign."""

    kind = "voice_campaign"
