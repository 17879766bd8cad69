"""Insertions of a target into a campaign (§ 9), which differ only in the campaign's medium."""

from datetime import datetime
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.commands.campaigns import InsertTarget
from processor.engine.definitions import Definitions
from processor.engine.entities.campaign import Campaign
from processor.engine.entities.campaign_layout import CampaignLayout, CampaignLayoutReference
from processor.engine.errors import Misfit
from processor.engine.field_request import FieldRequest
from processor.engine.field_types import canonical, number, phone
from processor.engine.field_values import FieldContent, UnfitValue, filled, given, once, unfilled, unfit
from processor.engine.outcome import Taken
from processor.engine.parameters import EntityReference
from processor.engine.template import Template
from processor.engine.visit import Visit


class CampaignTarget(FieldRequest):
    """An insertion of a target. What is wrong with it is told in this order: campaign, number, fields, date and priority, duplicate."""

    branches = ("ok", "reference_not_found", "error", "duplication", "invalid_number")
    failure = "error"

    medium: ClassVar[Literal["whatsapp", "voice", "sms"]]

    campaign: EntityReference
    insert_if_duplicate: bool = Field(default=False, description="Insert the number also where the campaign has it already.")
    phone_number: Template = Field(description="Number to contact; without a country code it is one of the flow's country.")
    start_date: Template | None = Field(
        default=None, description="Date, or date and time, from which the target may be contacted; the current one where nothing is given."
    )
    priority: Template = Field(description="Whole number within the campaign's range.")
    campaign_target_layout: CampaignLayoutReference | None = Field(default=None, description="Layout of the fields, or none.")
    campaign_target_fields: list[FieldContent] = Field(
        default_factory=list, description="Fields of the layout, each once; one whose value is empty is left out."
    )

    @model_validator(mode="after")
    def _fields_follow_a_layout(self) -> Self:
        if self.campaign_target_fields and self.campaign_target_layout is None:
            raise ValueError("no `campaign_target_fields` without a `campaign_target_layout`")
        once(content.field for content in self.campaign_target_fields)
        return self

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        found = []
        campaign, text = self.campaign.known(definitions), self.priority.constant
        if isinstance(campaign, Campaign) and text is not None:
            try:
                _priority(number.plain(text), campaign)
            except ValueError:
                allowed = f"a whole number from {campaign.lowest_priority} to {campaign.highest_priority}"
                found.append(Misfit("unfit_definition", "priority", allowed, text))
        layout = self.campaign_target_layout.known(definitions) if self.campaign_target_layout is not None else None
        if isinstance(layout, CampaignLayout):
            values = given(self.campaign_target_fields)
            found += unfit(values, layout.fields, "campaign_target_fields")
            found += unfilled(values, layout.fields, "campaign_target_fields")
        return found

    @override
    def request(self, visit: Visit) -> InsertTarget | Taken:
        campaign = visit.entity(self.campaign)
        if not isinstance(campaign, Campaign):
            return Taken("reference_not_found")
        try:
            phone_number = phone.parse(visit.render(self.phone_number), visit.flow)
        except ValueError as problem:
            visit.warnings.append(f"invalid_number: expected {problem}")
            return Taken("invalid_number")
        layout = visit.entity(self.campaign_target_layout) if self.campaign_target_layout is not None else None
        if layout is None and self.campaign_target_layout is not None:
            return Taken("reference_not_found", "layout_not_found")
        fields = filled(given(self.campaign_target_fields), layout.fields, visit) if isinstance(layout, CampaignLayout) else ()
        return InsertTarget(
            self.medium,
            campaign.reference,
            phone_number,
            self.insert_if_duplicate,
            self._start_date(visit),
            self._wanted_priority(visit, campaign),
            layout.reference if layout is not None else None,
            fields,
        )

    def _wanted_priority(self, visit: Visit, campaign: Campaign) -> int:
        """Return the priority. Raises UnfitValue where it is no whole number, or outside the campaign's range."""
        try:
            plain = number.parse(visit.render(self.priority), visit.flow)
        except ValueError as problem:
            raise UnfitValue("wrong_type", f"{problem}") from problem
        return _priority(plain, campaign)

    def _start_date(self, visit: Visit) -> str:
        """Return from when on the target may be contacted. Raises UnfitValue where it cannot be read."""
        text = visit.render(self.start_date) if self.start_date is not None else ""
        try:
            date = canonical("date_and_time", text, visit.flow)
        except ValueError as problem:
            raise UnfitValue("wrong_type", f"{problem}") from problem
        return date or datetime.fromtimestamp(visit.at // 1000, visit.flow.timezone).isoformat()


def _priority(plain: str, campaign: Campaign) -> int:
    """Return a canonical number as a priority of the campaign. Raises UnfitValue where it is none."""
    if "." in plain:
        raise UnfitValue("wrong_type", f"a whole number as priority, found {plain}")
    if not campaign.lowest_priority <= int(plain) <= campaign.highest_priority:
        raise UnfitValue("out_of_range", f"a priority from {campaign.lowest_priority} to {campaign.highest_priority}, found {plain}")
    return int(plain)
