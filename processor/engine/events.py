"""What can happen to an interaction: facts, past tense, each with the log time at which it became one."""

from msgspec import Struct


class Media(Struct, frozen=True):
    """A file that came with a message."""

    url: str
    mime_type: str
    name: str | None = None


class MessageReceived(Struct, frozen=True, tag=True):
    """The customer wrote."""

    at: int
    message_id: str
    channel: str
    account: str
    address: str
    text: str | None = None
    media: tuple[Media, ...] = ()
    choice: str | None = None
    name: str | None = None
    locale: str | None = None
    sent_at: int = 0


class ResponseReceived(Struct, frozen=True, tag=True):
    """A connector answered a command."""

    at: int
    command_id: str
    outcome: str
    reason: str | None = None
    values: dict[str, str] = {}
    detail: str | None = None
    connector: str = ""
    answered_at: int = 0


class Ticked(Struct, frozen=True, tag=True):
    """Time has passed a deadline of the interaction."""

    at: int


class EndRequested(Struct, frozen=True, tag=True):
    """An operator ends the interaction."""

    at: int
    operator: str
    note: str | None = None


class ResumeRequested(Struct, frozen=True, tag=True):
    """An operator lifts the quarantine of the conversation."""

    at: int
    operator: str
    note: str | None = None


class Continued(Struct, frozen=True, tag=True):
    """The action before took a branch in the same batch; the action that it leads to is applied. Internal, never on a topic."""

    at: int


ExternalEvent = MessageReceived | ResponseReceived | Ticked | EndRequested | ResumeRequested
Event = ExternalEvent | Continued
