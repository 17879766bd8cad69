"""Requests that carry values of declared types."""

from typing_extensions import override

from processor.engine.field_values import UnfitValue
from processor.engine.outcome import Outcome
from processor.engine.request import Request
from processor.engine.visit import Visit


class FieldRequest(Request):
    """A request that is not sent where a value of it does not fit: the failure branch is taken with the reason."""

    @override
    def apply(self, visit: Visit) -> Outcome:
        try:
            return super().apply(visit)
        except UnfitValue as unfit:
            visit.warnings.append(f"{unfit.reason}: expected {unfit}")
            return self._failed(visit, unfit.reason)
