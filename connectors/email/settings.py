"""Settings of the e-mail family."""

from pydantic import Field

from connectors.framework.settings import Settings


class EmailSettings(Settings):
    """What the office shows of e-mails; mailboxes are `SMART_ROUTING_SMTP_*`."""

    prefix = "SMART_ROUTING_EMAIL_"

    outbox: bool = Field(
        default=False,
        description="whether the office shows what the mail server for trying out has got; never in production",
    )
    outbox_messages: int = Field(default=500, ge=1, le=100_000, description="how many messages that server keeps; the oldest go first")
