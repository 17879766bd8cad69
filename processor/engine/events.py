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


class AgentWrote(Struct, frozen=True, tag=True):
    """The agent who has the interaction wrote to the customer (§ 4.1, 4.3)."""

    at: int
    command_id: str
    """The distribution's command."""

    message_id: str
    agent: str
    text: str
    sent_at: int = 0


class ResultReported(Struct, frozen=True, tag=True):
    """A connector told what has become of a command since: of a payment made by a link (§ 11.2), of a survey answered (§ 10.1)."""

    at: int
    command_id: str
    outcome: str
    reason: str | None = None
    connector: str = ""
    reported_at: int = 0
    values: dict[str, str] = {}


class EndRequested(Struct, frozen=True, tag=True):
    """An operator ends the interaction; where a flow and a version are named, only one that runs with them."""

    at: int
    operator: str
    note: str | None = None
    flow: str | None = None
    flow_version: int | None = None


class ResumeRequested(Struct, frozen=True, tag=True):
    """An operator lifts the quarantine of the conversation."""

    at: int
    operator: str
    note: str | None = None


class MigrateRequested(Struct, frozen=True, tag=True):
    """An interaction that runs with one version of a flow goes on with another."""

    at: int
    operator: str
    flow: str
    from_version: int
    to_version: int
    actions: dict[str, str] = {}
    """Old action → new action; one that is not named keeps its id."""


class Continued(Struct, frozen=True, tag=True):
    """The action before took a branch in the same batch; the action that it leads to is applied. Internal, never on a topic."""

    at: int


ExternalEvent = (
    MessageReceived | ResponseReceived | AgentWrote | ResultReported | Ticked | EndRequested | ResumeRequested | MigrateRequested
)
Event = ExternalEvent | Continued
