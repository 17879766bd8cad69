"""Invitations that the connector sends itself, by SMS: where a survey's definition has none for the flow to send."""

from collections.abc import Mapping
from typing import Any

from connectors.framework.errors import Refused
from connectors.framework.surroundings import Surroundings
from connectors.sms_gateway.client import SmsGateway
from connectors.sms_gateway.numbers import is_number
from connectors.surveys.phrases import phrases_in
from connectors.surveys.settings import SurveysSettings
from connectors.surveys.store import Attachment


class Invitations:
    """Customers whose address is a phone number can be written to; those of a web chat cannot."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare. Raises SettingsError."""
        self._sender = surroundings.read(SurveysSettings).sms_sender
        self._gateway = SmsGateway(surroundings)

    async def open(self) -> None:
        """Make the gateway's clients."""
        await self._gateway.open()

    async def close(self) -> None:
        """Close them."""
        await self._gateway.close()

    def addressed(self, command: Mapping[str, Any]) -> tuple[str, str]:
        """Return sender and recipient of an invitation.

        Raises Refused with reason `refused` where the customer cannot be invited.
        """
        channel, address = command["channel"], command["address"].strip()
        recipient = f"+{address}" if channel == "whatsapp" and address.isdecimal() else address
        if channel not in {"sms", "whatsapp"} or not is_number(recipient):
            detail = "The survey has no invitation for the flow to send, and a customer without a phone number cannot be invited otherwise."
            raise Refused("refused", detail)
        sender = self._sender or (command["account"] if channel == "sms" and is_number(command["account"]) else None)
        if sender is None:
            raise Refused("refused", "The survey has no invitation, and no sender is set that invites (SMART_ROUTING_SURVEYS_SMS_SENDER).")
        return sender, recipient

    async def send(self, attachment: Attachment, sender: str, recipient: str, link: str) -> None:
        """Invite a customer, once for each attachment.

        Raises Refused with reason `refused` where the gateway will not, Retry where it does not answer.
        """
        text = phrases_in(attachment.locale or "en")["invitation"].format(link=link)
        try:
            await self._gateway.send(sender, recipient, text, f"survey {attachment.id}")
        except Refused as refused:
            raise Refused(
                "unreachable" if refused.reason == "unreachable" else "refused", refused.detail or f"The gateway says {refused.reason}."
            ) from refused
