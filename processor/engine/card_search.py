"""Searches for the customer's card (§ 5.5, 5.7)."""

from typing_extensions import override

from processor.engine.card_request import CardRequest
from processor.engine.events import ResponseReceived
from processor.engine.outcome import Taken, Write
from processor.engine.visit import Visit


class CardSearch(CardRequest):
    """A request for the one card of the customer; `by_default` catches what has no branch of its own, and failures."""

    branches = ("ok", "not_ok", "not_found", "by_default")
    failure = "by_default"

    @override
    def used_branches(self) -> tuple[str, ...]:
        if "by_default" not in self.links:
            return self.branches
        return tuple(branch for branch in self.branches if branch in self.links)

    @override
    def answered(self, visit: Visit, response: ResponseReceived) -> Taken:
        match response.outcome:
            case "one" | "created":
                writes = self._associated(visit, response.values)
                return self._failed(visit, "missing_output") if writes is None else self._concluded(visit, "ok", writes=writes)
            case "several":
                return self._concluded(visit, "not_ok")
            case "none":
                return self._concluded(visit, "not_found")
            case error:
                return self._failed(visit, response.reason or error)

    def _concluded(self, visit: Visit, branch: str, reason: str | None = None, writes: tuple[Write, ...] = ()) -> Taken:
        """Return a result's own branch where it is linked, otherwise `by_default` with the result as its reason."""
        if visit.linked(branch):
            return Taken(branch, reason, writes=writes)
        return Taken("by_default", reason or branch, writes=writes)
