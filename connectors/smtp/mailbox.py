"""A mailbox: the server that takes our mail, and who we are there."""

from ipaddress import ip_address
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.smtp.address import ENCODED_WORD, Address, NotAnAddress

Security = Literal["starttls", "tls", "none"]

_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}  # RFC 6409, RFC 8314, RFC 5321


def _address(text: str) -> str:
    try:
        found = Address.parse(text)
    except NotAnAddress as error:
        raise ValueError(f"expected an e-mail address: {error}") from None
    if found.needs_smtputf8:
        raise ValueError("expected an e-mail address whose part before the @ is ASCII, for servers that know no other")
    return found.text


def _one_line(text: str) -> str:
    if not text.isprintable() or ENCODED_WORD in text:
        raise ValueError("expected one line without control characters and encoded words")
    return text


class Mailbox(BaseModel):
    """One mailbox of `SMART_ROUTING_SMTP_MAILBOXES`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field(min_length=1, description="server that takes the mail")
    port: int | None = Field(default=None, ge=1, le=65_535, description="its port; 587, 465 or 25 by `security`")
    security: Security = Field(default="starttls", description="`starttls` (required, never a wish), `tls` from the first byte, or `none`")
    user: str | None = Field(default=None, description="who signs in; nobody where it is not given")
    password: SecretStr | None = Field(default=None, description="with which password")
    sender: Annotated[str, AfterValidator(_address)] = Field(description="address that mail comes from, in the envelope, too")
    sender_name: Annotated[str, AfterValidator(_one_line)] = Field(default="", description="name beside it")
    timeout_seconds: float = Field(default=30, gt=0, le=600, description="how long the server may take for each step")
    connections: int = Field(default=4, ge=1, le=100, description="how many messages are sent at once")
    deduplicates: bool = Field(
        default=False, description="whether the server takes a Message-Id once only, so that a message of unknown fate may be sent again"
    )
    ca_file: str | None = Field(default=None, description="file of certificate authorities in place of the system's")

    @model_validator(mode="after")
    def _guarded_password(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("expected `user` and `password`, or neither")
        if self.password is not None and self.security == "none" and not _is_loopback(self.host):
            raise ValueError("expected `security` starttls or tls, for a password must not travel in the clear")
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port or _PORTS[self.security]

    @property
    def domain(self) -> str:
        """The sender's domain, that of our Message-Ids."""
        return self.sender.rpartition("@")[2]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
