"""The e-mail connector: one message per command, sent by SMTP (§ 3.1)."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from connectors.email.sending import Sending, Sendings, texts
from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.errors import CommandFailed, Refused, Retry, StoreAway
from connectors.framework.outcome import UNKNOWN, Outcome
from connectors.framework.surroundings import Surroundings
from connectors.smtp.address import Address, NotAnAddress
from connectors.smtp.mailbox import Mailbox
from connectors.smtp.mailer import Mailer
from connectors.smtp.message import Content, compose, message_id
from connectors.smtp.refusal import NoMailbox, Unanswered
from connectors.sql.database import Database

PARTIALLY_SENT: Final = "partially_sent"
DEFAULT: Final = "(default)"
"""The target of those who name no mailbox."""

_MARGIN_SECONDS: Final = 0.5
"""So long before the deadline a try ends, so that what has become of the message can still be noted."""

_LEAST_SECONDS: Final = 0.2
"""With less time than that left no try begins."""


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

    @command("SendEmail", idempotent=True, target=lambda body, _context: body["mailbox"] or DEFAULT)
    async def send_email(self, body: Body, context: Context) -> Outcome:
        """Send a message to those who have not got it yet."""
        try:
            mailbox = self._mailer.mailbox(body["mailbox"])
        except NoMailbox:
            return Outcome("reference_not_found")
        noted = await self._sendings.begin(context)
        if noted.outcome is not None:
            return noted.outcome
        attempt = _Attempt(self._mailer, self._sendings, context, body=body, mailbox=mailbox, noted=noted)
        if noted.giving and not mailbox.deduplicates:
            return await attempt.unknown("A connector stopped while it sent the message.")
        return await attempt.run()


class _Attempt:
    """One try to send a message to all who have not got it."""

    def __init__(self, mailer: Mailer, sendings: Sendings, context: Context, *, body: Body, mailbox: Mailbox, noted: Sending) -> None:
        self._mailer = mailer
        self._sendings = sendings
        self._context = context
        self._body = body
        self._mailbox = mailbox
        self._noted = noted
        self._known = noted  # to the store
        self._open = bool(noted.giving)  # whether it is not known if an earlier try was taken

    async def run(self) -> Outcome:
        self._noted = replace(self._noted, giving=frozenset())
        lists = {name: self._addresses(self._body[name]) for name in ("to", "cc", "bcc")}
        recipients = [
            address
            for address in dict.fromkeys(address for name in lists for address in lists[name])
            if address.text not in self._noted.accepted | self._noted.refused
        ]
        if not recipients:
            return await self._end()
        left = self._context.seconds_left(_MARGIN_SECONDS)
        if left is not None and left < _LEAST_SECONDS:
            return await self._ended(Outcome(self._outcome_so_far() or "error", "timeout", "No time was left to send the message."))
        content = Content(self._body["subject"], self._body["text"], self._body["html"], lists["to"], lists["cc"])
        try:
            message = compose(content, self._context.command_id)
            async with asyncio.timeout(left):
                refusals = await self._mailer.send(self._body["mailbox"], message, recipients, begin=self._begin)
        except (Unanswered, TimeoutError) as error:
            if not self._noted.giving:
                raise Retry("timeout", outcome=self._outcome_so_far()) from error
            if self._mailbox.deduplicates:
                raise Retry("unreachable", detail="No reply; the server will know the message again.", outcome=UNKNOWN) from error
            return await self.unknown(str(error) or "The deadline passed while the server took the message.")
        except CommandFailed as failure:
            return await self._failed(failure)
        self._open = self._open and len(refusals) == len(recipients)  # who was refused now may have got it before
        giving = self._known.giving if self._open else frozenset()
        lasting = texts(address for address, refusal in refusals.items() if not refusal.temporary)
        accepted = self._noted.accepted | texts(address for address in recipients if address not in refusals)
        self._noted = replace(self._noted, giving=giving, accepted=accepted, refused=self._noted.refused | lasting)
        await self._keep()
        if len(lasting) < len(refusals):
            raise Retry("refused", detail="The server does not take it for all recipients yet.", outcome=self._outcome_so_far())
        return await self._end()

    async def unknown(self, detail: str) -> Outcome:
        outcome = Outcome(UNKNOWN, "interrupted", detail)
        self._noted = replace(self._noted, outcome=outcome)
        with _else(UNKNOWN):
            await self._sent()
        return outcome

    async def _begin(self, taken: Sequence[Address]) -> None:
        self._noted = await self._note(replace(self._noted, giving=texts(taken)))

    async def _failed(self, failure: CommandFailed) -> Outcome:
        """Note that nobody got it by this try, and go on or give up."""
        if self._noted.giving and not self._open:
            self._noted = await self._note(replace(self._noted, giving=frozenset()))
        match failure:
            case Refused():
                return await self._ended(Outcome(self._outcome_so_far() or "error", failure.reason, failure.detail))
            case _:
                failure.outcome = failure.outcome or self._outcome_so_far()
                raise failure

    async def _keep(self) -> None:
        with _else(UNKNOWN if self._noted.accepted else None):
            if self._noted.accepted:
                await self._sent()
            else:
                await self._note(self._noted)

    async def _end(self) -> Outcome:
        if not self._noted.refused:
            return await self._ended(Outcome.ok())
        count = len(self._noted.refused)
        return await self._ended(Outcome(self._outcome_so_far() or "error", "refused", f"Recipients who were refused: {count}."))

    async def _ended(self, outcome: Outcome) -> Outcome:
        with _else(outcome.outcome):
            await self._note(replace(self._noted, outcome=outcome))
        return outcome

    async def _note(self, noted: Sending) -> Sending:
        self._known = await self._sendings.note(self._context, self._known, noted)
        return noted

    async def _sent(self) -> None:
        identity = message_id(self._context.command_id, self._mailbox.domain)
        self._known = await self._sendings.sent(self._context, self._known, self._noted, body=self._body, message_id=identity)

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
        if self._open:
            return UNKNOWN
        return PARTIALLY_SENT if self._noted.accepted else None


@contextmanager
def _else(outcome: str | None) -> Iterator[None]:
    """Inside, what has become of the message is noted; where the store does not answer up to the deadline, `outcome` is the answer."""
    try:
        yield
    except StoreAway as away:
        away.outcome = outcome
        raise
