"""What a server says of a recipient, and what a message of unknown fate is answered with."""

from dataclasses import dataclass

from connectors.framework.errors import Refused
from connectors.framework.outcome import UNKNOWN


@dataclass(frozen=True, slots=True)
class Refusal:
    """A recipient whom the server did not take: its reply code (RFC 5321, 4.2), or 553 where the address is one that it cannot know."""

    code: int
    text: str

    @property
    def temporary(self) -> bool:
        """Whether the same may be taken later (4yz)."""
        return 400 <= self.code < 500


class Unanswered(Refused):
    """The message was sent whole and no reply came, so that nobody can tell whether it was taken (RFC 5321, 6.1): outcome `unknown`."""

    def __init__(self, detail: str) -> None:
        super().__init__("interrupted", detail, outcome=UNKNOWN)


class NoMailbox(Refused):
    """There is no mailbox of that name, and no default one where none is named."""

    def __init__(self, name: str | None) -> None:
        super().__init__("no_mailbox", "No default mailbox is set." if name is None else "The settings have no mailbox of that name.")
