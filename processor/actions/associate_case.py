"""§ 5.1, associate the interaction with a case."""

from pydantic import Field
from typing_extensions import override

from processor.engine.case_association import CaseAssociation
from processor.engine.commands.cases import AssociateCase as AssociateCaseCommand
from processor.engine.outcome import Taken
from processor.engine.template import Template
from processor.engine.visit import Visit


class AssociateCase(CaseAssociation):
    """Make a case that there is the interaction's.

    Without a reference it is the newest of the customer's last three cases. What the variable `case` held before gives way to the fields
    of the case: id, reference, title, type, status and the type's own.

    - `ok`: the case is in `{{ case }}`.
    - `not_found`: there is no such case, a reference is given and renders empty (`empty_reference`), or the connector failed, with its
      reason or `timeout`. The interaction keeps the case that it had.

    ```yaml
    type: associate_case
    case_reference: "{{ order.number }}"
    links: {ok: end, not_found: end}
    ```
    """

    type = "associate_case"
    section = "5.1"
    branches = ("ok", "not_found")
    failure = "not_found"

    case_reference: Template | None = Field(
        default=None, description="Reference of the case; where it is left out, the newest of the customer's last three is taken."
    )

    @override
    def request(self, visit: Visit) -> AssociateCaseCommand | Taken:
        if self.case_reference is None:
            return AssociateCaseCommand(None)
        reference = visit.render(self.case_reference).strip()
        return AssociateCaseCommand(reference) if reference else Taken("not_found", "empty_reference")
