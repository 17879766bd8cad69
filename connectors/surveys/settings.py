"""Settings of surveys, read from `SMART_ROUTING_SURVEYS_*`."""

from pydantic import Field

from connectors.framework.settings import Settings


class SurveysSettings(Settings):
    """How surveys are offered."""

    prefix = "SMART_ROUTING_SURVEYS_"

    expiry_days: int = Field(default=30, ge=1, le=3_660, description="how many days after it was attached a survey can be answered")
    sms_sender: str | None = Field(
        default=None,
        description="number or name that invites by SMS where a survey has no invitation of its own; without it, on channel sms, the "
        "account that the customer writes to, where that is a number",
    )
