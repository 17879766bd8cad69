"""The e-mail connector: one message per command, sent by SMTP (§ 3.1)."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from connectors.email.sending import Sending, Sendings, texts
from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.errors import CommandFailed, Refused, Retry
from connectors.framework.outcome import UNKNOWN, Outcome
from connectors.framework.surroundings import Surroundings
from connectors.smtp.address import Address, NotAnAddress
from connectors.smtp.mailer import Mailer
from connectors.smtp.message import Content, compose
from connectors.smtp.refusal import NoMailbox, Unanswered
from connectors.sql.database import Database

PARTIALLY_SENT: Final = "partially_sent"

_MARGIN_SECONDS: Final = 0.5
"""So long before the deadline a try ends, so that what has become of the message can still be noted."""


class EmailConnector(Connector):
    """Sends mail.

    SMTP has no idempotency key, so each step is noted in the SQL store: whom a server has taken the message for is never sent it again,
    and a connector that dies elsewhere than between the message's last line and the server's reply leaves nothing in doubt. There,
    and where that reply never comes, the outcome is `unknown` (RFC 5321, 4.5.3.2.6 and 6.1), unless the mailbox's server is said to take a
    Message-Id once only: it is derived from the command's id.
    """

    family = "email"

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare. Raises SettingsError."""
        self._mailer = Mailer(surroundings)
        self._database = Database(surroundings, self.family)
        self._sendings = Sendings(self._database)

    async def open(self) -> None:
        """Connect to the store."""
        await self._mailer.open()
        await self._database.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._mailer.close()
        await self._database.close()

    @command("SendEmail", idempotent=True)
    async def send_email(self, body: Body, context: Context) -> Outcome:
        """Send a message to those who have not got it yet."""
        try:
            mailbox = self._mailer.mailbox(body["mailbox"])
        except NoMailbox:
            return Outcome("reference_not_found")
        noted = await self._sendings.begin(context)
        if noted.outcome is not None:
            return noted.outcome
        attempt = _Attempt(self._mailer, self._sendings, body, context, noted)
        if noted.giving and not mailbox.deduplicates:
            return await attempt.unknown("A connector stopped while it sent the message.")
        return await attempt.run(deduplicates=mailbox.deduplicates)


class _Attempt:
    """One try to send a message to all who have not got it."""

    def __init__(self, mailer: Mailer, sendings: Sendings, body: Body, context: Context, noted: Sending) -> None:
        self._mailer = mailer
        self._sendings = sendings
        self._body = body
        self._context = context
        self._noted = noted
        self._message_id = ""

    async def run(self, *, deduplicates: bool) -> Outcome:
        self._noted = replace(self._noted, giving=frozenset())
        lists = {name: self._addresses(self._body[name]) for name in ("to", "cc", "bcc")}
        recipients = [
            address for name in lists for address in lists[name] if address.text not in self._noted.accepted | self._noted.refused
        ]
        if not recipients:
            return await self._end()
        content = Content(self._body["subject"], self._body["text"], self._body["html"], lists["to"], lists["cc"])
        try:
            message = compose(content, self._context.command_id)
            async with asyncio.timeout(self._seconds_left()):
                refusals = await self._mailer.send(self._body["mailbox"], message, recipients, begin=self._begin)
        except (Unanswered, TimeoutError) as error:
            if not self._noted.giving:
                raise Retry("timeout", outcome=self._outcome_so_far()) from error
            if deduplicates:
                raise Retry("unreachable", detail="No reply; the server will know the message again.") from error
            return await self.unknown(str(error) or "The deadline passed while the server took the message.")
        except CommandFailed as failure:
            return await self._failed(failure)
        self._message_id = str(message["Message-Id"])
        lasting = texts(address for address, refusal in refusals.items() if not refusal.temporary)
        accepted = self._noted.accepted | texts(address for address in recipients if address not in refusals)
        self._noted = replace(self._noted, giving=frozenset(), accepted=accepted, refused=self._noted.refused | lasting)
        await self._keep()
        if len(lasting) < len(refusals):
            raise Retry("refused", detail="The server does not take it for all recipients yet.", outcome=self._outcome_so_far())
        return await self._end()

    async def unknown(self, detail: str) -> Outcome:
        outcome = Outcome(UNKNOWN, "interrupted", detail)
        self._noted = replace(self._noted, outcome=outcome)
        await self._sendings.sent(self._context, self._body, self._noted, self._message_id, self._body["mailbox"])
        return outcome

    async def _begin(self, taken: Sequence[Address]) -> None:
        self._noted = await self._sendings.note(self._context, replace(self._noted, giving=texts(taken)))

    async def _failed(self, failure: CommandFailed) -> Outcome:
        """Note that nobody got it by this try, and go on or give up."""
        if self._noted.giving:
            self._noted = await self._sendings.note(self._context, replace(self._noted, giving=frozenset()))
        match failure:
            case Refused():
                return await self._sendings.end(
                    self._context, self._noted, Outcome(self._outcome_so_far() or "error", failure.reason, failure.detail)
                )
            case _:
                failure.outcome = failure.outcome or self._outcome_so_far()
                raise failure

    async def _keep(self) -> None:
        if self._noted.accepted:
            await self._sendings.sent(self._context, self._body, self._noted, self._message_id, self._body["mailbox"])
        else:
            await self._sendings.note(self._context, self._noted)

    async def _end(self) -> Outcome:
        if not self._noted.refused:
            outcome = Outcome.ok()
        else:
            count = len(self._noted.refused)
            outcome = Outcome(self._outcome_so_far() or "error", "refused", f"Recipients who were refused: {count}.")
        return await self._sendings.end(self._context, self._noted, outcome)

    def _addresses(self, texts_: Sequence[str]) -> tuple[Address, ...]:
        """Read addresses; what is none counts as refused, whoever wrote the command."""
        found = []
        for text in texts_:
            try:
                found.append(Address.parse(text))
            except NotAnAddress:
                self._noted = replace(self._noted, refused=self._noted.refused | {text})
        return tuple(found)

    def _outcome_so_far(self) -> str | None:
        return PARTIALLY_SENT if self._noted.accepted else None

    def _seconds_left(self) -> float | None:
        if self._context.deadline is None:
            return None
        return max(self._context.deadline / 1000 - time.time() - _MARGIN_SECONDS, _MARGIN_SECONDS)
