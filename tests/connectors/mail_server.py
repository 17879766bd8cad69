"""Real mail servers on loopback (aiosmtpd), with TLS and users, and scripted ones that misbehave."""

import asyncio
import ssl
import warnings
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

CERTIFICATE = Path(__file__).parent / "tls" / "localhost.pem"
USER, PASSWORD = "routing", "a good password"


@dataclass
class Received:
    """A message as it came."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        read = message_from_bytes(self.content.replace(b"\r\n", b"\n"), policy=default)
        assert isinstance(read, EmailMessage)
        return read


@dataclass
class MailServer:
    """What it got, and whom it refuses: address → reply, such as `550 5.1.1 no such user`."""

    port: int = 0
    refuses: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    reply: str = "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if refusal := self.refuses.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        if self.reply.startswith("2"):
            self.received.append(Received(envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return self.reply

    def mailbox(self, **more: Any) -> dict[str, Any]:
        """Its settings for the connector."""
        return {"host": "127.0.0.1", "port": self.port, "security": "none", "sender": "shop@example.org", "timeout_seconds": 5, **more}


@asynccontextmanager
async def mail_server(*, security="none", auth=False, **options):
    """Run a mail server; gives what it received."""
    served = MailServer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)

    def authenticate(_server, _session, _envelope, _mechanism, data):
        known = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=known, handled=False)

    def session():
        with warnings.catch_warnings(action="ignore"):  # that passwords travel in the clear is what a test may want to see
            return SMTP(
                served,
                enable_SMTPUTF8=options.get("smtputf8", True),
                data_size_limit=options.get("size", 33_554_432),
                tls_context=context if security == "starttls" else None,
                require_starttls=security == "starttls",
                authenticator=authenticate if auth else None,
                auth_required=auth,
                auth_require_tls=security == "starttls",
                loop=asyncio.get_running_loop(),
                hostname="mail.example.org",
            )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0, ssl=context if security == "tls" else None)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()


async def dialogue(reader, writer, *, until, then=b"", greeting=b"220 mail.example.org\r\n"):
    """Speak SMTP by the book until a command comes that starts with `until`, then say `then`, and hang up."""
    writer.write(greeting)
    while line := await reader.readline():
        command = line.upper()
        if command.startswith(until):
            break
        writer.write(b"354 go on\r\n" if command.startswith(b"DATA") else b"250 OK\r\n")
        if command.startswith(b"DATA"):
            if until == b"<CONTENT>":
                await reader.read(10)
                break
            await reader.readuntil(b"\r\n.\r\n")
            if until == b"<DOT>":
                break
            writer.write(b"250 OK\r\n")
    writer.write(then)
    await writer.drain()
