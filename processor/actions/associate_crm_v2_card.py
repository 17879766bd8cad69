"""§ 5.7, associate the interaction with a CRM V2 card."""

from pydantic import Field
from typing_extensions import override

from processor.engine.assertions import asserted
from processor.engine.card_search import CardSearch
from processor.engine.commands.crm import FindCardByScenario
from processor.engine.definitions import Definitions
from processor.engine.entities.crm_v2 import CrmV2, CrmV2Reference
from processor.engine.entities.entity import Name
from processor.engine.errors import Misfit
from processor.engine.outcome import Taken
from processor.engine.visit import Visit


class AssociateCrmV2Card(CardSearch):
    """Search for the customer's card by a scenario of a CRM V2, and make it the interaction's.

    The card is in `{{ crm }}`: id, crm (the CRM's reference), object and its fields. No card meets an assertion of the scenario whose
    value is empty.

    - `ok`: one card.
    - `not_ok`: several cards.
    - `not_found`: no card, an assertion without a value (`empty_value`), no such CRM (`reference_not_found`), or no such scenario in it
      (`unknown_scenario`).
    - `by_default`: one of these whose own branch is not linked, with `ok`, `not_ok`, `not_found` or the reason above; a value that does
      not fit (`wrong_type`), an answer without the card's id (`missing_output`), or the connector's failure with its reason or `timeout`.

    ```yaml
    type: associate_crm_v2_card
    crm: {reference: sales}
    crm_scenario: by_phone
    links: {ok: end, not_ok: end, not_found: end, by_default: end}
    ```
    """

    type = "associate_crm_v2_card"
    section = "5.7"

    crm: CrmV2Reference
    crm_scenario: Name | None = Field(default=None, description="Scenario of the CRM; where it is left out, the default one.")

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        crm = self.crm.known(definitions)
        if not isinstance(crm, CrmV2) or crm.scenario(self.crm_scenario) is not None:
            return []
        if self.crm_scenario is None:
            return [Misfit("unfit_definition", "crm_scenario", "a scenario, for the CRM has no default one", "nothing")]
        return [Misfit("unfit_definition", "crm_scenario", f"one of {', '.join(crm.scenarios) or 'no scenarios'}", self.crm_scenario)]

    @override
    def request(self, visit: Visit) -> FindCardByScenario | Taken:
        crm = visit.entity(self.crm)
        if not isinstance(crm, CrmV2):
            return self._concluded(visit, "not_found", "reference_not_found")
        found = crm.scenario(self.crm_scenario)
        if found is None:
            return self._concluded(visit, "not_found", "unknown_scenario")
        name, scenario = found
        values, fields = list(scenario.assertions.items()), crm.objects[scenario.object].fields
        assertions = asserted(values, fields, scenario.confirm_the_test_if, visit) if values else ()
        if assertions is None:
            return self._concluded(visit, "not_found", "empty_value")
        return FindCardByScenario(crm.reference, scenario.object, name, scenario.confirm_the_test_if, assertions)
