"""One SMTP transaction on a connection of its own: envelope, data, and what the server says of each recipient."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Final

import aiosmtplib
from aiosmtplib import SMTPException, SMTPRecipientRefused, SMTPResponseException, SMTPSenderRefused, SMTPServerDisconnected

from connectors.framework.errors import Refused, Retry
from connectors.smtp.address import Address
from connectors.smtp.mailbox import Mailbox
from connectors.smtp.message import listed
from connectors.smtp.refusal import Refusal, Unanswered

Begin = Callable[[Sequence[Address]], Awaitable[None]]
"""Told whom the server takes the message for, before the message is given away for good."""

_START_INPUT: Final = 354
_NOT_ALLOWED: Final = 553
_DOT: Final = re.compile(rb"^\.", re.MULTILINE)
_TOO_LARGE: Final = re.compile(r"\b5\.(3\.4|2\.3)\b")  # RFC 3463: message too big for system; length exceeds administrative limit
_EXCEEDED: Final = 552
_DRAIN_SECONDS: Final = 0.01


async def deliver(
    client: aiosmtplib.SMTP, mailbox: Mailbox, message: EmailMessage, recipients: Sequence[Address], begin: Begin | None
) -> dict[Address, Refusal]:
    """Send a message and return the recipients that the server refused; where it refused all of them, nothing was sent.

    Raises:
        Retry: `unreachable`: the server is busy, or the connection was lost before the message was complete; nobody has got it.
        Refused: `refused` or `too_large`; nobody has got it.
        Unanswered: the message was complete and no reply came.
    """
    utf8 = client.supports_extension("smtputf8")
    known, refused = list(recipients), {}
    if not utf8:
        foreign = [address for address in recipients if address.needs_smtputf8]
        refused = {address: Refusal(_NOT_ALLOWED, "The server does not know SMTPUTF8.") for address in foreign}
        known = [address for address in recipients if not address.needs_smtputf8]
        _leave_out(message, foreign)
    content = message.as_bytes(policy=SMTPUTF8 if utf8 and any(address.needs_smtputf8 for address in known) else SMTP)
    _check_size(client, len(content))
    if not known:
        return refused
    await _mail(client, mailbox, content, utf8=utf8 and any(address.needs_smtputf8 for address in known))
    for address in known:
        try:
            await client.rcpt(address.text, encoding="utf-8" if utf8 else "ascii")
        except SMTPRecipientRefused as error:
            refused[address] = Refusal(error.code, error.message)
    taken = [address for address in known if address not in refused]
    if taken:
        await _data(client, mailbox, content, taken, begin)
    return refused


async def _mail(client: aiosmtplib.SMTP, mailbox: Mailbox, content: bytes, *, utf8: bool) -> None:
    options = [f"SIZE={len(content)}"] if client.supports_extension("size") else []
    if utf8:
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    try:
        await client.mail(mailbox.sender, options=options)
    except SMTPSenderRefused as error:
        raise _failed(error) from error


async def _data(client: aiosmtplib.SMTP, mailbox: Mailbox, content: bytes, taken: Sequence[Address], begin: Begin | None) -> None:
    """Send the message; not by the library's own method, which does not tell a connection lost before the final dot from one after it."""
    start = await client.execute_command(b"DATA")
    if start.code != _START_INPUT:
        raise _failed(SMTPResponseException(start.code, start.message))
    protocol = client.protocol
    if protocol is None:
        raise SMTPServerDisconnected("Connection lost")
    async with asyncio.timeout(mailbox.timeout_seconds):
        protocol.write(_DOT.sub(b"..", content))  # RFC 5321, 4.5.2
        while (buffered := getattr(protocol.transport, "get_write_buffer_size", None)) and buffered():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(_DRAIN_SECONDS)
    if begin is not None:
        await begin(taken)
    protocol.write(b".\r\n")
    try:
        reply = await protocol.read_response(mailbox.timeout_seconds)
    except (SMTPException, OSError) as error:
        raise Unanswered("The message was sent and the server did not say what became of it.") from error
    if reply.code >= 400:
        raise _failed(SMTPResponseException(reply.code, reply.message))
    if reply.code // 100 != 2:
        raise Unanswered(f"The message was sent and the server's reply, {reply.code}, does not say what became of it.")


def _failed(error: SMTPResponseException) -> Retry | Refused:
    if _TOO_LARGE.search(error.message) or error.code == _EXCEEDED:
        return Refused("too_large", "The server does not take a message of that size.")
    if error.code < 0 or 400 <= error.code < 500 or error.code == 521:
        return Retry("unreachable", detail=f"The mail server answers {error.code}.")
    return Refused("refused", f"The mail server answers {error.code}.")


def _check_size(client: aiosmtplib.SMTP, size: int) -> None:
    """Spare the server a message that it said it would not take (RFC 1870, 5; 0 is no limit)."""
    limit = client.esmtp_extensions.get("size", "").split()[:1]
    if limit and limit[0].isdigit() and 0 < int(limit[0]) < size:
        raise Refused("too_large", f"The message takes {size} bytes; the server takes {limit[0]}.")


def _leave_out(message: EmailMessage, foreign: Sequence[Address]) -> None:
    """Take addresses out of the headers that this server cannot be shown."""
    gone = {address.text for address in foreign}
    for header in ("To", "Cc"):
        if message[header] is not None and gone:
            kept = [Address(found.addr_spec) for found in message[header].addresses if found.addr_spec not in gone]
            del message[header]
            if kept:
                message[header] = listed(kept)
