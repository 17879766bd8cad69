"""A message on its way: headers that cannot be added to, text and HTML, a Message-Id that tells a repetition."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from email.header import Header
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime
from typing import Final

from connectors.framework.errors import Refused
from connectors.smtp.address import ENCODED_WORD, Address

LONGEST_SUBJECT: Final = 998
"""Characters; a longer subject is cut (RFC 5322, 2.1.1, counts octets of one line)."""

_BREAKING: Final = frozenset({"Cc", "Zl", "Zp", "Cs"})
_ATOMS: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")  # a part of dot-atom (RFC 5322, 3.2.3) that no server stumbles over
_LONGEST_ID: Final = 128
_ENOUGH_ASCII: Final = 0.7


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says."""

    subject: str
    text: str
    html: str | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()


def compose(content: Content, identity: str) -> EmailMessage:
    """Return a message without sender, Date and Message-Id's domain, which its mailbox gives it; whoever gets a blind copy stands nowhere.

    `identity` makes the Message-Id (RFC 5322, 3.6.4): a command's id, so that a server or a reader that gets the message twice can tell.

    Raises Refused with reason `refused` where the subject holds what would end its line.
    """
    if breaking(content.subject):
        raise Refused("refused", "The subject: expected one line without control characters.")
    message = EmailMessage(policy=SMTP)
    _set_subject(message, content.subject[:LONGEST_SUBJECT])
    for header, addresses in (("To", content.to), ("Cc", content.cc)):
        if addresses:
            message[header] = listed(addresses)
    message["Message-Id"] = message_id(identity, "localhost")
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers to what no person wrote
    message.set_content(content.text, cte=_encoding(content.text))
    if content.html is not None:
        message.add_alternative(content.html, subtype="html", cte=_encoding(content.html))
    return message


def message_id(identity: str, domain: str) -> str:
    """Return the Message-Id of a message with this identity from a sender in this domain."""
    return f"<{_left_part(identity)}@{domain}>"


def stamp(message: EmailMessage, sender: Address, name: str) -> None:
    """Give a message its sender, the sender's domain in its Message-Id, and the time."""
    user, _, domain = sender.text.rpartition("@")
    del message["From"]
    message["From"] = HeaderAddress(name, user, domain)
    left = str(message["Message-Id"]).partition("@")[0]
    del message["Message-Id"], message["Date"]
    message["Message-Id"] = f"{left}@{domain}>"
    message["Date"] = format_datetime(localtime())


def listed(addresses: Iterable[Address]) -> list[HeaderAddress]:
    """Return addresses as a header holds them."""
    parts = (address.text.rpartition("@") for address in addresses)
    return [HeaderAddress(username=user, domain=domain) for user, _, domain in parts]


def breaking(text: str) -> bool:
    """Tell whether a text has a character that ends a line or hides in one: controls, Unicode's line ends, halves of surrogate pairs."""
    return any(unicodedata.category(character) in _BREAKING for character in text)


def _set_subject(message: EmailMessage, subject: str) -> None:
    """Set a subject that reads as it was written.

    Python's own way takes what begins like an encoded word for one, and writes what it says, line breaks included, into the header.
    """
    if subject.isascii() and ENCODED_WORD not in subject:
        message["Subject"] = subject
    else:
        message.set_raw("Subject", Header(subject, "utf-8", header_name="Subject").encode())


def _left_part(identity: str) -> str:
    if len(identity) <= _LONGEST_ID and _ATOMS.fullmatch(identity):
        return identity
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()


def _encoding(text: str) -> str:
    """Quoted-printable keeps text legible in a log and every line short; base64 is smaller for other scripts."""
    ascii_share = sum(map(str.isascii, text)) / len(text) if text else 1
    return "quoted-printable" if ascii_share >= _ENOUGH_ASCII else "base64"
