"""Creations of cards (§ 5.6, 5.8)."""

from typing import Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.card_request import CardRequest
from processor.engine.commands.field_value import FieldValue
from processor.engine.events import ResponseReceived
from processor.engine.field_values import Declared, FieldContent, UnfitValue, filled, given, once
from processor.engine.outcome import Taken
from processor.engine.visit import Visit


class CardCreation(CardRequest):
    """A request for a new card."""

    branches = ("ok", "error")
    failure = "error"

    crm_card_fields: list[FieldContent] = Field(
        min_length=1, description="Fields of the new card, each once; one whose value is empty is left out."
    )
    associate_with_interaction: bool = Field(default=False, description="Make the new card the interaction's, in the variable `crm`.")

    @model_validator(mode="after")
    def _each_field_once(self) -> Self:
        once(content.field for content in self.crm_card_fields)
        return self

    @override
    def answered(self, visit: Visit, response: ResponseReceived) -> Taken:
        if response.outcome != "ok" or not self.associate_with_interaction:
            return super().answered(visit, response)
        writes = self._associated(visit, response.values)
        return self._failed(visit, "missing_output") if writes is None else Taken("ok", writes=writes)

    def _new_card(self, visit: Visit, declared: Declared, most: int) -> tuple[FieldValue, ...]:
        """Return what the card is created with. Raises UnfitValue, also where that is more than the CRM allows, or nothing."""
        if len(self.crm_card_fields) > most:
            raise UnfitValue("too_many_fields", f"at most {most} fields, found {len(self.crm_card_fields)}")
        values = filled(given(self.crm_card_fields), declared, visit)
        if not values:
            raise UnfitValue("empty_value", "a value for at least one field, found none")
        return values
