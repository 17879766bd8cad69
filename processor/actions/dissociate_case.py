"""§ 5.2, dissociate the case from the interaction."""

from msgspec.structs import replace
from typing_extensions import override

from processor.engine.commands.cases import DissociateCase as DissociateCaseCommand
from processor.engine.events import ResponseReceived
from processor.engine.outcome import Taken
from processor.engine.request import Request
from processor.engine.visit import Visit


class DissociateCase(Request):
    """Take its case away from the interaction; the variable `case` is empty afterwards.

    - `ok`: always. Where the connector failed or kept silent, the journal has a warning with the reason.

    ```yaml
    type: dissociate_case
    links: {ok: end}
    ```
    """

    type = "dissociate_case"
    section = "5.2"
    branches = ("ok",)
    failure = "ok"

    @override
    def request(self, visit: Visit) -> DissociateCaseCommand:
        return DissociateCaseCommand(visit.interaction.variables.get("case", {}).get("reference"))

    @override
    def answered(self, visit: Visit, response: ResponseReceived) -> Taken:
        if response.outcome == "ok":
            return Taken("ok", writes=visit.fill("case", {}))
        return self._failed(visit, response.reason or response.outcome)

    @override
    def _failed(self, visit: Visit, reason: str) -> Taken:
        return replace(super()._failed(visit, reason), writes=visit.fill("case", {}))
