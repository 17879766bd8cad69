"""§ 1.1, start."""

from typing_extensions import override

from processor.engine.action import Action
from processor.engine.outcome import Outcome, Taken
from processor.engine.visit import Visit


class Start(Action):
    """Begin the flow.

    - `ok`: at once.

    Every flow has exactly one, and its id is `start`.

    ```yaml
    type: start
    links: {ok: end}
    ```
    """

    type = "start"
    section = "1.1"
    branches = ("ok",)
    failure = "ok"

    @override
    def apply(self, visit: Visit) -> Outcome:
        return Taken("ok")
