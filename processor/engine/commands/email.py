"""Commands to the e-mail connector (§ 3.1)."""

from processor.engine.commands.command import CommandBody


class SendEmail(CommandBody, frozen=True):
    """Send one e-mail, its texts as they are to go out."""

    family = "email"
    template: str
    outgoing_interaction: bool
    queue: str | None
    mailbox: str | None
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    refused: int
    """Recipients left out because they were no addresses."""

    subject: str
    text: str
    html: str | None = None
