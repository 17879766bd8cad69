"""Requests about a card of a CRM (§ 5.5–5.8)."""

from collections.abc import Mapping

from msgspec.structs import replace
from typing_extensions import override

from processor.engine.commands.crm import CrmCommand
from processor.engine.field_request import FieldRequest
from processor.engine.outcome import Awaiting, Outcome, Write
from processor.engine.visit import Visit


class CardRequest(FieldRequest):
    """A request about a card. Where the card is, is kept while the answer is awaited: the definitions may change meanwhile."""

    @override
    def apply(self, visit: Visit) -> Outcome:
        outcome = super().apply(visit)
        if not isinstance(outcome, Awaiting):
            return outcome
        (command,) = outcome.commands
        assert isinstance(command, CrmCommand), "requests about cards send commands about cards"
        return replace(outcome, memo={**command.place})

    def _associated(self, visit: Visit, values: Mapping[str, str]) -> tuple[Write, ...] | None:
        """Return the writes that make an answered card the interaction's; None where the answer does not say which card."""
        if not values.get("id"):
            return None
        place = {name: str(value) for name, value in visit.memo.items()}
        return visit.fill("crm", {**values, **place})
