"""The SMS connector: texts by the SMS gateway (§ 3.2)."""

import logging

from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry
from connectors.framework.outcome import Outcome
from connectors.framework.surroundings import Surroundings
from connectors.sms import outgoing
from connectors.sms_gateway.client import Sent, SmsGateway
from connectors.sql.database import Database

NOT_MOBILE = "not_mobile"
_MARGIN_SECONDS = 0.5

logger = logging.getLogger(__name__)


class SmsConnector(Connector):
    """Sends texts, and records those that are outgoing interactions.

    The gateway's client sees to it that a command sends one text. Its row is there before, so that none is sent that could not be recorded;
    what becomes of it is told by the gateway's receipts.
    """

    family = "sms"

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare.

        Raises SettingsError, or DeploymentError where the deployment has no secret to name conversations with.
        """
        self._gateway = SmsGateway(surroundings)
        self._database = Database(surroundings, self.family)

    async def open(self) -> None:
        """Connect to the store and make the HTTP clients."""
        await self._database.open()
        await self._gateway.open()

    async def close(self) -> None:
        """Close all connections."""
        await self._gateway.close()
        await self._database.close()

    @command("SendSms", idempotent=True, target=lambda body, _context: body["sender"])
    async def send_sms(self, body: Body, context: Context) -> Outcome:
        """Send a text; `segments` are the gateway's count, ours where it has none yet."""
        recorded = body["outgoing_interaction"]
        if recorded:
            async with self._database.writing() as connection:
                await outgoing.ask(connection, body, context)
        try:
            within = context.seconds_left(_MARGIN_SECONDS)
            sent = await self._gateway.send(body["sender"], body["recipient"], body["text"], context.command_id, within=within)
        except Refused as refused:
            if recorded:
                await self._tell(context, outgoing.REFUSED, reason=refused.reason)
            outcome = NOT_MOBILE if refused.reason == NOT_MOBILE else None
            raise Refused(refused.reason, refused.detail, outcome=outcome) from refused
        if recorded:
            await self._tell(context, "queued", sent)
        return Outcome.ok(segments=str(sent.segments))

    async def _tell(self, context: Context, status: str, sent: Sent | None = None, reason: str | None = None) -> None:
        message_id, segments = (None, None) if sent is None else (sent.id, sent.segments)
        try:
            async with self._database.writing() as connection:
                await outgoing.tell(connection, context.command_id, status, message_id=message_id, segments=segments, reason=reason)
        except Retry as retry:
            # It is sent, or never will be, and so is the answer; the row's status is behind until the next receipt.
            logger.warning("sms: the status of an outgoing interaction was not written: %s", retry)
