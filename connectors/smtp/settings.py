"""Mailboxes, read from `SMART_ROUTING_SMTP_*`."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from connectors.framework.settings import Settings, Yaml
from connectors.smtp.mailbox import Mailbox


class SmtpSettings(Settings):
    """Which mailboxes there are."""

    prefix = "SMART_ROUTING_SMTP_"

    mailboxes: Annotated[Mapping[str, Mailbox], Yaml] = Field(
        default_factory=dict,
        description="mailboxes by name, as flows and queues name them: YAML of host, port, security, user, password, sender …",
    )
    default_mailbox: str | None = Field(default=None, description="mailbox of those who name none")
    hello_name: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9.\[\]:-]{1,255}$", description="who we say we are (EHLO); this host's name where it is not given"
    )

    @field_validator("default_mailbox")
    @classmethod
    def _is_one(cls, name: str | None, known: ValidationInfo) -> str | None:
        if name is not None and name not in known.data.get("mailboxes", ()):
            raise ValueError("expected the name of one of the mailboxes")
        return name

    def find(self, name: str | None) -> Mailbox | None:
        """Return the mailbox of a name, the default one where none is named; None where there is none."""
        chosen = name if name is not None else self.default_mailbox
        return None if chosen is None else self.mailboxes.get(chosen)
