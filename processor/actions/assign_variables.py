"""§ 6.1, assign values to variables."""

from pydantic import Field
from typing_extensions import override

from processor.engine.action import Action
from processor.engine.outcome import Outcome, Taken
from processor.engine.parameters import Target
from processor.engine.template import Template
from processor.engine.visit import Visit


class Assignment(Target):
    """A field and its new value."""

    new_value: Template = Field(description="New value; empty clears the field.")


class AssignVariables(Action):
    """Write values into variables.

    All values are rendered before any is written. Numbers are read as canonical decimals first, then in the flow's locale.

    - `ok`: all are written.
    - `error`: a value does not fit its field's type, reason `wrong_type`; nothing is written.

    ```yaml
    type: assign_variables
    variables:
      - {variable: order, field: status, new_value: "open since {{ now }}"}
    links: {ok: end, error: end}
    ```
    """

    type = "assign_variables"
    section = "6.1"
    branches = ("ok", "error")
    failure = "error"

    variables: list[Assignment] = Field(min_length=1)

    @override
    def apply(self, visit: Visit) -> Outcome:
        texts = [visit.render(assignment.new_value) for assignment in self.variables]
        try:
            writes = tuple(visit.write(assignment, text) for assignment, text in zip(self.variables, texts, strict=True))
        except ValueError as problem:
            visit.warnings.append(f"wrong_type: expected {problem}")
            return Taken("error", "wrong_type")
        return Taken("ok", writes=writes)
