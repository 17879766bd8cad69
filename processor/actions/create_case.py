"""§ 5.3, create a case and associate it with the interaction."""

from pydantic import Field
from typing_extensions import override

from processor.engine.case_association import CaseAssociation
from processor.engine.commands.cases import CreateCase as CreateCaseCommand
from processor.engine.entities.case_type import CaseTypeReference
from processor.engine.outcome import Taken
from processor.engine.template import Template
from processor.engine.visit import Visit


class CreateCase(CaseAssociation):
    """Open a case of a type, and make it the interaction's.

    - `ok`: the new case is in `{{ case }}`: id, reference, title, type, status and the type's own fields.
    - `not_found`: there is no such case type (`reference_not_found`), here or at the connector.
    - `error`: the title renders empty (`empty_value`), or the connector failed, with its reason or `timeout`.

    ```yaml
    type: create_case
    new_case_title: "Order {{ order.number }}"
    case_type: {reference: complaint}
    links: {ok: end, error: end, not_found: end}
    ```
    """

    type = "create_case"
    section = "5.3"
    branches = ("ok", "error", "not_found")
    failure = "error"

    new_case_title: Template = Field(description="Title of the new case.")
    case_type: CaseTypeReference

    @override
    def request(self, visit: Visit) -> CreateCaseCommand | Taken:
        case_type = visit.entity(self.case_type)
        if case_type is None:
            return Taken("not_found", "reference_not_found")
        title = visit.render(self.new_case_title).strip()
        return CreateCaseCommand(case_type.reference, title) if title else Taken("error", "empty_value")
