"""Sends mail from mailboxes that the settings name."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupported,
    SMTPResponseException,
)

from connectors.framework.errors import CommandFailed, Refused, Retry
from connectors.framework.surroundings import Surroundings
from connectors.smtp.address import Address
from connectors.smtp.mailbox import Mailbox
from connectors.smtp.message import stamp
from connectors.smtp.refusal import NoMailbox, Refusal
from connectors.smtp.session import Begin, deliver
from connectors.smtp.settings import SmtpSettings

_FAREWELL_SECONDS: Final = 2.0


class Mailer:
    """A client of the mail servers. Each message has a connection of its own; a mailbox says how many there may be at once."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare; nothing is connected.

        Raises SettingsError.
        """
        self._settings = surroundings.read(SmtpSettings)
        self._slots = {name: asyncio.Semaphore(mailbox.connections) for name, mailbox in self._settings.mailboxes.items()}
        self._tls: dict[str | None, ssl.SSLContext] = {}

    async def open(self) -> None:
        """Read the certificate authorities.

        Raises OSError where a mailbox's `ca_file` cannot be read.
        """
        for path in {mailbox.ca_file for mailbox in self._settings.mailboxes.values()}:
            self._tls[path] = await asyncio.to_thread(ssl.create_default_context, cafile=path)

    async def close(self) -> None:
        """Nothing is kept open between messages."""

    def mailbox(self, name: str | None) -> Mailbox:
        """Return a mailbox.

        Raises NoMailbox where there is none of that name.
        """
        found = self._settings.find(name)
        if found is None:
            raise NoMailbox(name)
        return found

    async def send(
        self, mailbox: str | None, message: EmailMessage, recipients: Sequence[Address], *, begin: Begin | None = None
    ) -> Mapping[Address, Refusal]:
        """Send a message of `compose`, its sender added, and return the recipients whom the server refused, for now or for good.

        Who is in `recipients` gets it, whatever its headers say. Where all are refused nothing was sent. `begin` is told whom the server
        takes it for, just before the message is given away: what fails until then has sent nothing.

        Raises:
            NoMailbox: there is no such mailbox; None is the default one.
            Retry: `unreachable`: no connection, the server is busy, or the connection was lost before the message was complete.
            Refused: `refused`, `too_large`, `unreachable` where another try would end the same (no TLS, a wrong certificate).
            Unanswered: the message was complete and no reply came: it may have been taken. Answered with outcome `unknown`.
        """
        chosen = self.mailbox(mailbox)
        stamp(message, Address(chosen.sender), chosen.sender_name)
        name = mailbox if mailbox is not None else self._settings.default_mailbox
        async with self._slots[name or ""], self._connected(chosen) as client:
            return await deliver(client, chosen, message, recipients, begin)

    async def send_to(self, mailbox: str | None, message: EmailMessage, recipient: Address) -> None:
        """Send a message to one recipient; as `send`, and a recipient who is refused raises Retry or Refused, both `refused`."""
        for refusal in (await self.send(mailbox, message, [recipient])).values():
            detail = f"The mail server answers {refusal.code}."
            raise Retry("refused", detail=detail) if refusal.temporary else Refused("refused", detail)

    @asynccontextmanager
    async def _connected(self, mailbox: Mailbox) -> AsyncIterator[SMTP]:
        host, port = mailbox.address
        client = SMTP(
            hostname=host,
            port=port,
            username=mailbox.user,
            password=mailbox.password.get_secret_value() if mailbox.password is not None else None,
            local_hostname=self._settings.hello_name,
            timeout=mailbox.timeout_seconds,
            use_tls=mailbox.security == "tls",
            start_tls=mailbox.security == "starttls",
            tls_context=self._tls[mailbox.ca_file],
        )
        try:
            await client.connect()
            await _greet(client)
            yield client
            with suppress(SMTPException, OSError):  # the message is settled; a farewell that fails changes nothing
                await client.quit(timeout=_FAREWELL_SECONDS)
        except CommandFailed:
            raise
        except (SMTPException, OSError) as error:
            raise _failed(error) from error
        finally:
            client.close()


async def _greet(client: SMTP) -> None:
    """Learn what the server can do, where signing in has not taught it."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except SMTPHeloError:
            await client.helo()


def _failed(error: Exception) -> Retry | Refused:
    match error:
        case ssl.SSLCertVerificationError():
            return Refused("unreachable", "No secure connection: the mail server's certificate is not to be trusted.")
        case _ if type(error) in {SMTPException, SMTPNotSupported}:  # the bare one: no STARTTLS, no way to sign in
            return Refused("unreachable", f"The mail server does not offer what the mailbox demands: {error}")
        case SMTPAuthenticationError(code=code) if not 400 <= code < 500:
            return Refused("refused", f"The mail server refuses the mailbox's user and password: {code}.")
        case SMTPConnectResponseError(code=code) | SMTPHeloError(code=code) if code >= 500:
            return Refused("refused", f"The mail server does not talk to us: {code}.")
        case SMTPResponseException(code=code):
            return Retry("unreachable", detail=f"The mail server answers {code}.")
        case _ if isinstance(error.__cause__, ssl.SSLCertVerificationError):
            return _failed(error.__cause__)
        case _:
            return Retry("unreachable", detail=f"No connection to the mail server, or it was lost: {type(error).__name__}.")
