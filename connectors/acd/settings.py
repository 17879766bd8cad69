"""Settings of the ACD, read from `SMART_ROUTING_ACD_*`."""

from typing import Literal, Self

from pydantic import Field, model_validator

from connectors.framework.settings import BaseUrl, LongSecret, Seconds, Settings

_MINUTE = 60.0
_DAY = 24 * 60 * _MINUTE


class AcdSettings(Settings):
    """What can be set: which ACD, how agents are asked, and how to reach an ACD that a company already has."""

    prefix = "SMART_ROUTING_ACD_"

    backend: Literal["own", "remote"] = Field(
        default="own", description="`own`: contacts wait in Redis, agents work at the desk; `remote`: an ACD that is reached by HTTP"
    )
    offer_seconds: Seconds = Field(default=25, description="how long an agent may take to accept a contact from a queue")
    ask_again_seconds: Seconds = Field(
        default=30, description="how long an agent is not asked again for a contact that he declined or did not answer"
    )
    misses: int = Field(default=2, ge=1, le=100, description="after so many offers in a row that he did not answer an agent is away")
    heartbeat_seconds: Seconds = Field(default=10, description="pause between two signs of life of an open desk")
    away_seconds: Seconds = Field(default=45, description="so long after his desk's last sign of life an agent is away")
    absence_seconds: Seconds = Field(
        default=10 * _MINUTE, description="so long after it he is signed out, and what he had ends as abandoned"
    )
    handling_seconds: Seconds = Field(
        default=5 * _MINUTE, description="handling time that waits are estimated with before a queue has a contact of its own"
    )
    handling_weight: float = Field(default=0.1, gt=0, le=1, description="weight of the newest contact in the average handling time")
    keep_seconds: Seconds = Field(default=7 * _DAY, description="how long a contact is known after its end")

    remote_url: BaseUrl | None = Field(default=None, description="where the remote ACD's API begins")
    remote_token: LongSecret | None = Field(default=None, description="bearer token for the remote ACD")
    webhook_secret: LongSecret | None = Field(default=None, description="secret with which the remote ACD signs its webhooks")
    webhook_tolerance_seconds: Seconds = Field(
        default=5 * _MINUTE, description="how far a webhook's timestamp may be from this machine's clock"
    )

    @model_validator(mode="after")
    def _remote_is_whole(self) -> Self:
        missing = [name for name in ("remote_url", "remote_token", "webhook_secret") if getattr(self, name) is None]
        if self.backend == "remote" and missing:
            needed = ", ".join(f"{self.prefix}{name.upper()}" for name in missing)
            raise ValueError(f"{self.prefix}BACKEND: with remote expected {needed}, too; found nothing there")
        if not self.heartbeat_seconds < self.away_seconds < self.absence_seconds:
            raise ValueError(
                f"{self.prefix}AWAY_SECONDS: expected more than {self.prefix}HEARTBEAT_SECONDS ({self.heartbeat_seconds:g}) and less than"
                f" {self.prefix}ABSENCE_SECONDS ({self.absence_seconds:g}); found {self.away_seconds:g}"
            )
        return self
