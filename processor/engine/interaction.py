"""The state of a conversation and of its live interaction. Values are frozen; a change is a new value."""

from typing import Literal

from msgspec import Struct

from processor.engine.events import Media

Variables = dict[str, dict[str, str]]
"""variable → field → value in canonical text; a field that holds nothing is absent."""


class Customer(Struct, frozen=True, omit_defaults=True):
    """Who writes, and through what."""

    channel: str
    account: str
    address: str
    name: str | None = None
    locale: str | None = None


class Message(Struct, frozen=True, omit_defaults=True):
    """The customer's last message."""

    text: str = ""
    media: tuple[Media, ...] = ()
    choice: str = ""


class Wait(Struct, frozen=True, omit_defaults=True):
    """An action that has not taken a branch yet."""

    id: str
    """Derived from interaction and step; a button or a timer that names another is stale."""

    awaits: Literal["message", "response", "time", "agent"]
    """`agent`: the interaction is with the ACD; answers, what the customer writes and what the agent writes go to the action."""

    deadline: int | None = None
    """Log time after which silence is taken, epoch ms; a reply at exactly this time is in time."""

    commands: tuple[str, ...] = ()
    """Ids of the commands that the action hears of: what it waits for is the answer to the first, of the others only a failure."""

    memo: dict[str, int | str] = {}
    """What the action must know when it goes on, such as the question asked and the attempts made."""


class Checkpoint(Struct, frozen=True):
    """A qualification that the interaction passed (§ 1.3)."""

    reference: str
    action: str
    at: int


class Last(Struct, frozen=True, omit_defaults=True):
    """How the action before ended, for `{{ last.reason }}`."""

    action: str = ""
    branch: str = ""
    reason: str = ""


class Interaction(Struct, frozen=True, omit_defaults=True):
    """One contact within a conversation, and its walk through flows."""

    conversation_id: str
    number: int
    customer: Customer
    flow: str
    flow_version: int
    started_at: int
    last_event_at: int
    action: str = "start"
    """The action applied next, or the one that waits."""

    step: int = 0
    """Steps taken so far."""

    wait: Wait | None = None
    variables: Variables = {}
    message: Message = Message()
    last: Last = Last()
    checkpoints: tuple[Checkpoint, ...] = ()
    counters: dict[str, int] = {}
    """Counts that actions keep per flow and action, as `flow/action`: draws made, passages counted."""

    survey: str = ""
    """Reference of the survey attached (§ 10.1)."""

    hand_overs: int = 0
    maximum_hand_overs: int = 10
    expires_after_ms: int = 72 * 3600 * 1000
    end_flow: str | None = None
    """Reference of the flow that runs as the interaction's tail."""

    ended: str | None = None
    """Why the routing ended, while the tail runs."""

    @property
    def id(self) -> str:
        """The conversation's id and a running number."""
        return f"{self.conversation_id}-{self.number}"

    @property
    def tail(self) -> bool:
        """Whether the end-of-interaction flow is running."""
        return self.ended is not None

    @property
    def expires_at(self) -> int:
        """Log time after which the interaction expires, epoch ms: counted from the later of the last event and the pending deadline."""
        pending = self.wait.deadline if self.wait is not None and self.wait.deadline is not None else 0
        return max(self.last_event_at, pending) + self.expires_after_ms

    @property
    def due_at(self) -> int:
        """Log time that, once passed, makes something happen by itself, epoch ms."""
        if self.wait is not None and self.wait.deadline is not None:
            return self.wait.deadline
        return self.expires_at


class Conversation(Struct, frozen=True, omit_defaults=True):
    """One customer on one channel account, for good: what is kept of it between events."""

    id: str
    number: int = 0
    """Interactions opened so far."""

    sequence: int = 0
    """Journal records that changed this state so far."""

    seen: bytes = b""
    """Eight-byte digests of the last message ids, oldest first."""

    interaction: Interaction | None = None
    quarantined: str | None = None
    """Why the engine failed on it; nothing but a resumption is applied while this is set."""

    @property
    def due_at(self) -> int | None:
        """Log time that, once passed, makes something happen by itself, epoch ms; None where nothing will."""
        if self.interaction is None or self.quarantined is not None:
            return None
        return self.interaction.due_at
