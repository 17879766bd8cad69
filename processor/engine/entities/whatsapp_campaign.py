"""WhatsApp campaigns (§ 9.1)."""

from processor.engine.entities.campaign import Campaign
from processor.engine.parameters import EntityReference


class WhatsappCampaign(Campaign):
    """An outbound WhatsApp campaign."""

    entity_kind = "whatsapp_campaign"


class WhatsappCampaignReference(EntityReference):
    """A WhatsApp campaign."""

    kind = "whatsapp_campaign"
