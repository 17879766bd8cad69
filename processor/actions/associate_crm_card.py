"""§ 5.5, associate the interaction with a CRM card."""

from typing import Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.assertions import asserted
from processor.engine.card_search import CardSearch
from processor.engine.commands.crm import FindCard
from processor.engine.definitions import Definitions
from processor.engine.entities.crm import Crm, CrmReference
from processor.engine.errors import Misfit
from processor.engine.field_values import FieldContent, complete, given, once, too_many, unfilled, unfit
from processor.engine.outcome import Taken
from processor.engine.visit import Visit


class AssociateCrmCard(CardSearch):
    """Search for the customer's card by values of its fields, and make it the interaction's.

    The card is in `{{ crm }}`: id, crm (the directory's reference) and its fields. No card meets an assertion whose value is empty: with
    `any` it is left out, with `all` nothing is found, and nothing created.

    - `ok`: one card, or none and a new one was created with the assertions' values.
    - `not_ok`: several cards.
    - `not_found`: no card, an assertion without a value (`empty_value`), or no such CRM (`reference_not_found`).
    - `by_default`: one of these whose own branch is not linked, with `ok`, `not_ok`, `not_found` or the reason above; a field that is not
      declared (`unknown_field`), a value that does not fit (`wrong_type`), a new card without a required field (`missing_field`), more
      assertions than the CRM allows (`too_many_assertions`), a new card in a CRM that an integration keeps (`integration_backed`), an
      answer without the card's id (`missing_output`), or the connector's failure with its reason or `timeout`.

    ```yaml
    type: associate_crm_card
    crm: {reference: customers}
    create_if_not_found: true
    confirm_the_test_if: all
    search_assertions:
      - {field: phone, value: "{{ contact.phone }}"}
      - {field: email, value: "{{ contact.email }}"}
    links: {ok: end, not_ok: end, not_found: end, by_default: end}
    ```
    """

    type = "associate_crm_card"
    section = "5.5"

    crm: CrmReference
    create_if_not_found: bool = Field(
        default=False, description="Create a card with the assertions' values where there is none; not in a CRM that an integration keeps."
    )
    confirm_the_test_if: Literal["all", "any"] = Field(default="all", description="all: AND; any: OR.")
    search_assertions: list[FieldContent] = Field(min_length=1, description="Fields and the values that a card must have in them.")

    @model_validator(mode="after")
    def _a_new_card_follows_from_the_assertions(self) -> Self:
        if self.create_if_not_found:
            if self.confirm_the_test_if == "any":
                raise ValueError("`confirm_the_test_if: all` where `create_if_not_found` is on, found any")
            once(assertion.field for assertion in self.search_assertions)
        return self

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        crm = self.crm.known(definitions)
        if not isinstance(crm, Crm):
            return []
        values = given(self.search_assertions)
        found = [
            *too_many(values, crm.maximum_assertions, "search_assertions"),
            *unfit(values, crm.fields, "search_assertions"),
        ]
        if self.create_if_not_found:
            found += unfilled(values, crm.fields, "search_assertions")
            if crm.integration:
                found.append(Misfit("unfit_definition", "create_if_not_found", "a CRM that no integration keeps", crm.reference))
        return found

    @override
    def request(self, visit: Visit) -> FindCard | Taken:
        crm = visit.entity(self.crm)
        if not isinstance(crm, Crm):
            return self._concluded(visit, "not_found", "reference_not_found")
        if self.create_if_not_found and crm.integration:
            return self._failed(visit, "integration_backed")
        if len(self.search_assertions) > crm.maximum_assertions:
            return self._failed(visit, "too_many_assertions")
        values = given(self.search_assertions)
        assertions = asserted(values, crm.fields, self.confirm_the_test_if, visit)
        if assertions is None:
            return self._concluded(visit, "not_found", "empty_value")
        if self.create_if_not_found:
            complete(assertions, crm.fields)
        return FindCard(crm.reference, self.confirm_the_test_if, assertions, self.create_if_not_found)
