"""§ 5.6, create a CRM card."""

from typing_extensions import override

from processor.engine.card_creation import CardCreation
from processor.engine.commands.crm import CreateCard
from processor.engine.definitions import Definitions
from processor.engine.entities.crm import Crm, CrmReference
from processor.engine.errors import Misfit
from processor.engine.field_values import given, too_many, unfilled, unfit
from processor.engine.outcome import Taken
from processor.engine.visit import Visit


class CreateCrmCard(CardCreation):
    """Create a card in a CRM.

    - `ok`: the card is created; where it is the interaction's, `{{ crm }}` holds id, crm (the directory's reference) and the card's fields.
    - `error`: no such CRM (`reference_not_found`), a field that is not declared (`unknown_field`), a value that does not fit
      (`wrong_type`), a required field without a value (`missing_field`), no value at all (`empty_value`), more fields than the CRM
      allows (`too_many_fields`), an answer without the card's id where it is needed (`missing_output`), or the connector's failure
      with its reason or `timeout`.

    ```yaml
    type: create_crm_card
    crm: {reference: customers}
    crm_card_fields:
      - {field: phone, value: "{{ contact.phone }}"}
      - {field: email, value: "{{ contact.email }}"}
    associate_with_interaction: true
    links: {ok: end, error: end}
    ```
    """

    type = "create_crm_card"
    section = "5.6"

    crm: CrmReference

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        crm = self.crm.known(definitions)
        if not isinstance(crm, Crm):
            return []
        values = given(self.crm_card_fields)
        return [
            *too_many(values, crm.maximum_fields, "crm_card_fields"),
            *unfit(values, crm.fields, "crm_card_fields"),
            *unfilled(values, crm.fields, "crm_card_fields"),
        ]

    @override
    def request(self, visit: Visit) -> CreateCard | Taken:
        crm = visit.entity(self.crm)
        if not isinstance(crm, Crm):
            return self._failed(visit, "reference_not_found")
        fields = self._new_card(visit, crm.fields, crm.maximum_fields)
        return CreateCard(crm.reference, fields, self.associate_with_interaction)
