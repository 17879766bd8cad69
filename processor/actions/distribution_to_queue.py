"""§ 4.1, distribution to a queue."""

from typing import Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.commands import CommandBody
from processor.engine.commands.acd import AcdQueue, DistributeToQueue
from processor.engine.distribution import Distribution, customer_of
from processor.engine.entities.queue import Queue, QueueReference
from processor.engine.entities.queue_group import QueueGroup, QueueGroupReference
from processor.engine.events import ResponseReceived
from processor.engine.limits import REQUEST_TIMEOUT_SEC
from processor.engine.outcome import Taken
from processor.engine.visit import Visit


class DistributionToQueue(Distribution):
    """Route the interaction to a queue of the ACD, or to a group of queues, so that an agent takes it.

    Meanwhile what the customer writes goes to the ACD at once, and what the agent writes to the customer.

    - `processed`: the agent ended the contact, and the customer is still there.
    - `overflow_no_user`, `overflow_maximum_estimated_wait`, `overflow_maximum_waiting`: the queue took nobody in, for that reason.
    - `overflow`: any of these, where its own branch is not linked; the reason tells which.
    - `dissuasion_maximum_wait`, `dissuasion_by_user`: the interaction left the queue because it waited too long, or was turned away.
    - `dissuasion`: any of these, where its own branch is not linked; the reason tells which.
    - `unprocessed`: all that has no branch: an overflow or a dissuasion that is linked neither by itself nor together, any other end,
      reason `customer_left` for instance, and reason `timeout` where the ACD does not acknowledge in time.
    - `reference_not_found`: there is no such queue or group, or the group's queues are all gone, reason `empty_group`.

    ```yaml
    type: distribution_to_queue
    distribution_to: queue
    queue: {reference: support}
    prioritize: true
    links:
      processed: end
      unprocessed: end
      reference_not_found: end
      overflow_no_user: end
      overflow_maximum_estimated_wait: end
      overflow_maximum_waiting: end
      overflow: end
      dissuasion_maximum_wait: end
      dissuasion_by_user: end
      dissuasion: end
    ```
    """

    type = "distribution_to_queue"
    section = "4.1"
    branches = (
        "processed",
        "unprocessed",
        "reference_not_found",
        "overflow_no_user",
        "overflow_maximum_estimated_wait",
        "overflow_maximum_waiting",
        "overflow",
        "dissuasion_maximum_wait",
        "dissuasion_by_user",
        "dissuasion",
    )
    failure = "unprocessed"

    distribution_to: Literal["queue", "queue_group"] = Field(default="queue", description="Which of both is named.")
    queue: QueueReference | None = None
    queue_group: QueueGroupReference | None = None
    prioritize: bool = Field(default=False, description="Place the interaction first in the queue.")
    timeout: int = Field(
        default=REQUEST_TIMEOUT_SEC, ge=1, le=600, description="Seconds that the ACD may take to acknowledge; the wait itself has no bound."
    )

    @model_validator(mode="after")
    def _what_is_named(self) -> Self:
        queue, group = self.queue is not None, self.queue_group is not None
        if (queue, group) != (self.distribution_to == "queue", self.distribution_to == "queue_group"):
            raise ValueError(f"`{self.distribution_to}` and not the other, as `distribution_to` says")
        return self

    @override
    def used_branches(self) -> tuple[str, ...]:
        """Return the branches that can be taken: of overflow and dissuasion those that are linked."""
        return tuple(branch for branch in self.branches if branch in self.links or not _is_refusal(branch))

    @override
    def distribute(self, visit: Visit) -> CommandBody | Taken:
        if self.queue is not None:
            queue = visit.entity(self.queue)
            return self._asked(visit, None, (queue,)) if isinstance(queue, Queue) else Taken("reference_not_found")
        assert self.queue_group is not None, "checked with the document"
        group = visit.entity(self.queue_group)
        if not isinstance(group, QueueGroup):
            return Taken("reference_not_found")
        known = {reference: visit.definitions.by_reference("queue", reference) for reference in group.queues}
        visit.warnings.extend(f"reference_not_found: queue {reference}" for reference, queue in known.items() if queue is None)
        queues = tuple(queue for queue in known.values() if isinstance(queue, Queue))
        return self._asked(visit, group.reference, queues) if queues else Taken("reference_not_found", "empty_group")

    @override
    def acknowledged_by(self, visit: Visit) -> int:
        return visit.at + self.timeout * 1000

    @override
    def accepted_by(self, visit: Visit) -> int | None:
        return None

    @override
    def ended(self, visit: Visit, response: ResponseReceived) -> Taken:
        outcome = response.outcome
        if outcome in self.branches and _is_refusal(outcome):
            branch = next((branch for branch in (outcome, outcome.partition("_")[0]) if visit.linked(branch)), "unprocessed")
            return Taken(branch, outcome)
        if outcome in self.branches:
            return Taken(outcome, response.reason)
        return Taken("unprocessed", response.reason or outcome)

    @override
    def overdue(self, stage: str) -> Taken:
        return Taken("unprocessed", "timeout")

    def _asked(self, visit: Visit, group: str | None, queues: tuple[Queue, ...]) -> DistributeToQueue:
        told = tuple(
            AcdQueue(queue.reference, tuple(queue.skills), queue.maximum_waiting, queue.maximum_estimated_wait_sec, queue.maximum_wait_sec)
            for queue in queues
        )
        return DistributeToQueue(group, told, self.prioritize, customer_of(visit))


def _is_refusal(outcome: str) -> bool:
    return outcome.startswith(("overflow", "dissuasion"))
