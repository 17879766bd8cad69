"""Actions that ask a connector one thing and take a branch by its answer."""

from abc import abstractmethod

from pydantic import Field
from typing_extensions import override

from processor.engine.action import SUCCESSES, Action
from processor.engine.commands import CommandBody
from processor.engine.events import ResponseReceived, Ticked
from processor.engine.limits import REQUEST_TIMEOUT_SEC
from processor.engine.outcome import Awaiting, Outcome, Taken
from processor.engine.visit import Visit


class Request(Action):
    """One command, one answer. Where no answer comes in time, the failure branch is taken with reason `timeout`."""

    timeout: int = Field(default=REQUEST_TIMEOUT_SEC, ge=1, le=600, description="Seconds that the connector may take to answer.")

    @abstractmethod
    def request(self, visit: Visit) -> CommandBody | Taken:
        """Return what to ask, or the branch that is taken without asking."""

    def answered(self, visit: Visit, response: ResponseReceived) -> Taken:
        """Return the branch that an answer leads to: the outcome's own, where there is one of its name."""
        if response.outcome in self.branches:
            return Taken(response.outcome, response.reason)
        return self._failed(visit, response.reason or response.outcome)

    @override
    def waits(self) -> bool:
        return True

    @override
    def apply(self, visit: Visit) -> Outcome:
        match visit.event:
            case ResponseReceived() as response:
                return self.answered(visit, response)
            case Ticked():
                return self._failed(visit, "timeout")
            case _:
                asked = self.request(visit)
                return asked if isinstance(asked, Taken) else Awaiting("response", visit.at + self.timeout * 1000, (asked,))

    def _failed(self, visit: Visit, reason: str) -> Taken:
        if self.failure in SUCCESSES:  # a type without a failure branch goes on, and says so
            visit.warnings.append(reason)
        return Taken(self.failure, reason)
