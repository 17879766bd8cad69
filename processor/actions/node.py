"""§ 1.5, node."""

from typing_extensions import override

from processor.engine.action import Action
from processor.engine.outcome import Outcome, Taken
from processor.engine.visit import Visit


class Node(Action):
    """Join several ways into one.

    - `ok`: at once.

    ```yaml
    type: node
    links: {ok: end}
    ```
    """

    type = "node"
    section = "1.5"
    branches = ("ok",)
    failure = "ok"

    @override
    def apply(self, visit: Visit) -> Outcome:
        return Taken("ok")
