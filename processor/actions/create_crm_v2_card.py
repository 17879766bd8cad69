"""§ 5.8, create a CRM V2 card."""

from pydantic import Field
from typing_extensions import override

from processor.engine.card_creation import CardCreation
from processor.engine.commands.crm import CreateCardV2
from processor.engine.definitions import Definitions
from processor.engine.entities.crm_v2 import CrmV2, CrmV2Reference
from processor.engine.entities.entity import Name
from processor.engine.errors import Misfit
from processor.engine.field_values import given, too_many, unfilled, unfit
from processor.engine.outcome import Taken
from processor.engine.visit import Visit


class CreateCrmV2Card(CardCreation):
    """Create a card of an object in a CRM V2.

    - `ok`: the card is created; where it is the interaction's, `{{ crm }}` holds id, crm (the CRM's reference), object and the card's
      fields.
    - `error`: no such CRM (`reference_not_found`) or object (`unknown_object`), a field that is not declared (`unknown_field`), a value
      that does not fit (`wrong_type`), a required field without a value (`missing_field`), no value at all (`empty_value`), more fields
      than the CRM allows (`too_many_fields`), an answer without the card's id where it is needed (`missing_output`), or the connector's
      failure with its reason or `timeout`.

    ```yaml
    type: create_crm_v2_card
    crm: {reference: sales}
    crm_object: contact
    crm_card_fields:
      - {field: name, value: "{{ contact.name }}"}
      - {field: phone, value: "{{ contact.phone }}"}
    associate_with_interaction: true
    links: {ok: end, error: end}
    ```
    """

    type = "create_crm_v2_card"
    section = "5.8"

    crm: CrmV2Reference
    crm_object: Name = Field(description="Object of the CRM, such as contact.")

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        crm = self.crm.known(definitions)
        if not isinstance(crm, CrmV2):
            return []
        created = crm.objects.get(self.crm_object)
        if created is None:
            return [Misfit("unfit_definition", "crm_object", f"one of {', '.join(crm.objects)}", self.crm_object)]
        values = given(self.crm_card_fields)
        return [
            *too_many(values, crm.maximum_fields, "crm_card_fields"),
            *unfit(values, created.fields, "crm_card_fields"),
            *unfilled(values, created.fields, "crm_card_fields"),
        ]

    @override
    def request(self, visit: Visit) -> CreateCardV2 | Taken:
        crm = visit.entity(self.crm)
        if not isinstance(crm, CrmV2):
            return self._failed(visit, "reference_not_found")
        created = crm.objects.get(self.crm_object)
        if created is None:
            return self._failed(visit, "unknown_object")
        fields = self._new_card(visit, created.fields, crm.maximum_fields)
        return CreateCardV2(crm.reference, self.crm_object, fields, self.associate_with_interaction)
