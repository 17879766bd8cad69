"""SMS campaigns (§ 9.3)."""

from processor.engine.entities.campaign import Campaign
from processor.engine.parameters import EntityReference


class SmsCampaign(Campaign):
    """An outbound SMS campaign."""

    entity_kind = "sms_campaign"


class SmsCampaignReference(EntityReference):
    """An SMS campaign."""

    kind = "sms_campaign"
