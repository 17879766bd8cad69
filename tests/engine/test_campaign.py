import pytest
from pydantic import ValidationError

from processor.engine.entities import KINDS
from processor.engine.entities.campaign import Campaign
from processor.engine.entities.campaign_layout import CampaignLayout

MEDIA = ("whatsapp", "voice", "sms")


@pytest.mark.parametrize("medium", MEDIA)
def test_each_medium_has_campaigns_of_its_own(medium: str) -> None:
    campaign = KINDS[f"{medium}_campaign"].model_validate({"id": "c", "reference": "c"})
    assert isinstance(campaign, Campaign)
    assert (campaign.lowest_priority, campaign.highest_priority) == (1, 10)


def test_what_they_share_is_no_kind() -> None:
    assert "campaign" not in KINDS


def test_a_range_of_one_priority_is_a_range() -> None:
    assert Campaign(id="c", reference="c", lowest_priority=10).highest_priority == 10


@pytest.mark.parametrize(
    "fields", [{"lowest_priority": 11}, {"lowest_priority": -1}, {"highest_priority": 0}, {"highest_priority": 1_000_001}]
)
def test_priorities_are_a_range(fields: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Campaign.model_validate({"id": "c", "reference": "c", **fields})


def test_a_layout_has_fields() -> None:
    assert CampaignLayout.model_validate({"id": "l", "reference": "l", "fields": {"id": {}}}).fields.keys() == {"id"}
    with pytest.raises(ValidationError):
        CampaignLayout.model_validate({"id": "l", "reference": "l", "fields": {}})
