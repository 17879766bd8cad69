"""The words that a remote ACD may use."""

from typing import Final, Literal

Progress = Literal["queued", "offered", "accepted"]

QUEUE_ENDS: Final = frozenset(
    {
        "processed", "unprocessed", "reference_not_found", "overflow_no_user", "overflow_maximum_estimated_wait",
        "overflow_maximum_waiting", "overflow", "dissuasion_maximum_wait", "dissuasion_by_user", "dissuasion",
    }
)  # fmt: skip
"""How a distribution to a queue ends (§ 4.1)."""

USER_ENDS: Final = frozenset({"ok", "no_response", "no_preferred_agent", "reference_not_found", "error"})
"""How a distribution to a user ends (§ 4.3)."""

FIRST: Final = frozenset({"queued", "offered"})
"""How a distribution begins."""
