"""What the linter says of a flow."""

from typing import Literal

from msgspec import Struct


class Finding(Struct, frozen=True):
    """One thing that the author should know."""

    code: str
    """The rule: `unlinked_branch`."""

    severity: Literal["fault", "warning"]
    """A fault blocks publishing, a warning does not."""

    path: str
    """Where, as `actions.ask.links.error`."""

    message: str
    mend: str
    """What to do about it; empty where the message says it."""

    line: int | None = None
    """Line in the document's text, from 1; None where no text is known."""

    column: int | None = None
    """Column in the line, in characters from 1."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}; {self.mend}"
