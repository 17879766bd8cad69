"""What an ACD does, whichever it is."""

from typing import Protocol

from connectors.framework.connector import Body
from connectors.framework.context import Context
from connectors.framework.outcome import Outcome


class Backend(Protocol):
    """An ACD. Each method carries out one command, may be repeated with the same command, and raises Retry or Refused only."""

    async def open(self) -> None:
        """Connect."""

    async def close(self) -> None:
        """Disconnect; also where `open` failed."""

    async def distribute_to_queue(self, body: Body, context: Context) -> Outcome:
        """Answer queued, offered, or an end at once."""

    async def distribute_to_user(self, body: Body, context: Context) -> Outcome:
        """Answer queued, offered, or an end at once."""

    async def relay_message(self, body: Body, context: Context) -> Outcome:
        """Hand over what the customer wrote."""

    async def cancel_distribution(self, body: Body, context: Context) -> Outcome:
        """Take a distribution back."""
