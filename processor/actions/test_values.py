"""§ 6.2, test values."""

from typing import Literal

from pydantic import Field
from typing_extensions import override

from processor.engine.action import Action
from processor.engine.condition import Condition, Incomparable
from processor.engine.outcome import Outcome, Taken
from processor.engine.visit import Visit


class TestValues(Action):
    """Test conditions on values.

    Numbers are compared as numbers, dates as dates, text exactly. A missing value fulfils no operator but `does_not_exist` and `is_empty`.

    - `yes`: the conditions are fulfilled, all or at least one of them.
    - `no`: they are not.
    - `error`: one of the values cannot be compared, reason `not_comparable`, or a regular expression does not compile, reason
      `bad_pattern`; whatever the other conditions say.

    ```yaml
    type: test_values
    confirm_the_test_if: all
    conditions:
      - {variable: "{{ customer.locale }}", operator: starts_with, value: fr}
    links: {"yes": end, "no": end, error: end}
    ```
    """

    __test__ = False  # for pytest: not a class of tests

    type = "test_values"
    section = "6.2"
    branches = ("yes", "no", "error")
    failure = "error"

    confirm_the_test_if: Literal["all", "any"] = Field(default="all", description="all: AND; any: OR.")
    conditions: list[Condition] = Field(min_length=1)

    @override
    def apply(self, visit: Visit) -> Outcome:
        try:
            fulfilled = [condition.holds(visit) for condition in self.conditions]
        except Incomparable as problem:
            visit.warnings.append(str(problem))
            return Taken("error", problem.reason)
        return Taken("yes" if (all(fulfilled) if self.confirm_the_test_if == "all" else any(fulfilled)) else "no")
