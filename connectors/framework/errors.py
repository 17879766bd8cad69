"""What a connector may raise.

    CommandFailed
    ├── Retry           not done, and worth another try
    │   └── StoreAway   because of a store of ours; of whom the command calls it says nothing
    └── Refused         not done, and never will be

Everything else that leaves a connector's method is a fault of the connector: logged, and answered as a failure.
"""


class CommandFailed(Exception):
    """The command was not done; `reason` is the response's reason code, `detail` one sentence for people without personal data.

    `outcome` is the answer's outcome; where it is not given, the command's failure outcome is.
    """

    def __init__(self, reason: str, detail: str | None = None, *, outcome: str | None = None) -> None:
        super().__init__(reason if detail is None else f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.outcome = outcome


class Retry(CommandFailed):
    """Try again, with growing pauses and not before `after` seconds; past the command's deadline `outcome` and `reason` are the answer."""

    def __init__(self, reason: str, after: float | None = None, *, detail: str | None = None, outcome: str | None = None) -> None:
        super().__init__(reason, detail, outcome=outcome)
        self.after = after


class StoreAway(Retry):
    """Try again: a store of ours, such as Redis or the SQL store, does not answer.

    It says nothing of the command's target. Where an earlier try left open whether the target did it, that stays open.
    """

    def __init__(self, detail: str, *, outcome: str | None = None) -> None:
        super().__init__("unreachable", detail=detail, outcome=outcome)


class Refused(CommandFailed):
    """Do not try again: `outcome` and `reason` are the answer."""
