"""How contacts are kept, read from `SMART_ROUTING_CONTACTS_*` environment variables."""

from pydantic import Field

from connectors.framework.settings import Settings

_DAY_MS = 24 * 60 * 60 * 1_000


class ContactsSettings(Settings):
    """What can be set."""

    prefix = "SMART_ROUTING_CONTACTS_"

    retention_days: int = Field(
        default=400, ge=1, le=36_600, description="how long contacts are kept: as long as the longest window that a flow counts, or longer"
    )
    follow: bool = Field(default=True, description="whether this process follows the journal; a count reads on by itself in any case")

    @property
    def retention_ms(self) -> int:
        """How long contacts are kept, in milliseconds."""
        return self.retention_days * _DAY_MS
