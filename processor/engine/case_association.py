"""Requests that make a case the interaction's (§ 5.1, 5.3)."""

from typing_extensions import override

from processor.engine.events import ResponseReceived
from processor.engine.outcome import Taken
from processor.engine.request import Request
from processor.engine.visit import Visit


class CaseAssociation(Request):
    """A request whose answer is the interaction's case from now on, in the variable `case`."""

    @override
    def answered(self, visit: Visit, response: ResponseReceived) -> Taken:
        if response.outcome != "ok":
            return super().answered(visit, response)
        if not (response.values.get("id") and response.values.get("reference")):
            return self._failed(visit, "missing_output")
        return Taken("ok", writes=visit.fill("case", response.values))
