"""What a channel of the messaging family does."""

from abc import ABC, abstractmethod
from typing import ClassVar

from connectors.framework.connector import Body
from connectors.framework.context import Context
from connectors.framework.outcome import Outcome


class Channel(ABC):
    """Sends on one channel. Methods raise `Retry` or `Refused`; the same command again sends nothing more."""

    name: ClassVar[str]
    """As entry points and commands name it."""

    async def open(self) -> None:  # noqa: B027 - a channel may need nothing
        """Take what the methods need."""

    async def close(self) -> None:  # noqa: B027 - … and then has nothing to give back
        """Give it back."""

    @abstractmethod
    async def send_message(self, body: Body, context: Context) -> Outcome:
        """Send a text (`SendMessage`)."""

    @abstractmethod
    async def send_choices(self, body: Body, context: Context) -> Outcome:
        """Send a text with choices (`SendChoices`); values `rendered` and, where a template did not fit, `warning`."""
