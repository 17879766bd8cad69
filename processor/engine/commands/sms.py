"""Commands to the SMS connector (§ 3.2)."""

from processor.engine.commands.command import CommandBody


class SendSms(CommandBody, frozen=True):
    """Send one SMS, its text as it is to go out."""

    family = "sms"
    template: str
    outgoing_interaction: bool
    sender: str
    recipient: str
    text: str
