"""What is measured of the engine alone: a state, and the events that are applied to it one after another, through the codec each time."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from processor.engine import codec
from processor.engine.apply import apply
from processor.engine.definitions import Definitions
from processor.engine.events import Event
from processor.engine.flow import Flow
from processor.engine.interaction import Conversation, Customer, Interaction, Message, Variables

AT: Final = 1_772_442_000_000
"""Log time of what happens: 2026-03-02 09:00 UTC, epoch ms."""

CONVERSATION: Final = "5f1d3c8a9b7e4f60a1c2d3e4f5061728"


class Subject(Struct, frozen=True):
    """An action, and what happens to it until it takes a branch."""

    flow: Flow
    definitions: Definitions
    payload: bytes
    """The conversation's state before it."""

    events: Sequence[Event]
    branch: str | None
    """The branch taken; None where another flow takes over."""

    def work(self) -> None:
        """Apply the events. Between any two the state goes through its codec, as it does between two events of a conversation."""
        payload = self.payload
        for event in self.events:
            conversation = codec.decode(payload)
            assert conversation.interaction is not None, "an interaction is live"
            applied = apply(self.flow, conversation.interaction, event, self.definitions)
            payload = codec.encode(replace(conversation, interaction=applied.interaction))

    def baseline(self) -> None:
        """Take the state through its codec and do nothing else."""
        conversation = codec.decode(self.payload)
        codec.encode(replace(conversation, interaction=conversation.interaction))


def state(flow: Flow, action: str, variables: Variables) -> Conversation:
    """Return a conversation of some length that has come to an action."""
    customer = Customer("web_chat", "order-desk", "+33612345678", "Claire Martin", "fr")
    interaction = Interaction(
        CONVERSATION, 3, customer, flow.reference, flow.version, AT - 60_000, AT - 1_000, action, 12, variables=variables,
        message=Message("Hello, where is my order?"), counters={f"{flow.reference}/{action}": 1},
    )  # fmt: skip
    return Conversation(CONVERSATION, 3, 40, bytes(range(160)), interaction)
