"""§ 1.3, add a checkpoint."""

from typing_extensions import override

from processor.engine.action import Action
from processor.engine.interaction import Checkpoint
from processor.engine.outcome import Outcome, Taken
from processor.engine.parameters import CheckpointReference
from processor.engine.visit import Visit


class AddCheckpoint(Action):
    """Tag the interaction with a checkpoint.

    - `ok`: the checkpoint is added, with time and action; `{{ checkpoints }}` lists them.
    - `reference_not_found`: there is no such checkpoint.

    ```yaml
    type: add_checkpoint
    checkpoint: {reference: qualified}
    links: {ok: end, reference_not_found: end}
    ```
    """

    type = "add_checkpoint"
    section = "1.3"
    branches = ("ok", "reference_not_found")
    failure = "reference_not_found"

    checkpoint: CheckpointReference

    @override
    def apply(self, visit: Visit) -> Outcome:
        found = visit.entity(self.checkpoint)
        if found is None:
            return Taken("reference_not_found")
        return Taken("ok", checkpoint=Checkpoint(found.reference, visit.interaction.action, visit.at))
