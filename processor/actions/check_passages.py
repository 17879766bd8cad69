"""§ 6.8, check the number of passages."""

from pydantic import Field
from typing_extensions import override

from processor.engine.action import Action
from processor.engine.outcome import Outcome, Taken
from processor.engine.visit import Visit


class CheckPassages(Action):
    """Count the interaction's passages through this action, then compare.

    - `less_than_or_equal`: the count, this passage included, is at most the maximum.
    - `greater`: it is above; with the reset, the count starts anew.

    ```yaml
    type: check_passages
    maximum_number_of_passages: 3
    reset_the_counter: true
    links: {less_than_or_equal: end, greater: end}
    ```
    """

    type = "check_passages"
    section = "6.8"
    branches = ("less_than_or_equal", "greater")
    failure = "greater"

    maximum_number_of_passages: int = Field(ge=1, le=1_000_000, description="Passages up to which the first branch is taken.")
    reset_the_counter: bool = Field(default=False, description="Set the counter to 0 when the limit is exceeded.")

    @override
    def apply(self, visit: Visit) -> Outcome:
        passages = visit.counter + 1
        if passages <= self.maximum_number_of_passages:
            return Taken("less_than_or_equal", counter=passages)
        return Taken("greater", counter=0 if self.reset_the_counter else passages)
