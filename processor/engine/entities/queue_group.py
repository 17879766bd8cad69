"""Groups of queues (§ 4.1)."""

from collections.abc import Iterator

from pydantic import Field
from typing_extensions import override

from processor.engine.entities.entity import Entity, Name
from processor.engine.parameters import EntityReference


class QueueGroup(Entity):
    """Queues that an interaction is distributed to together."""

    entity_kind = "queue_group"

    queues: list[Name] = Field(min_length=1, max_length=50, description="References of the queues, those to be tried first at the front.")

    @override
    def named(self) -> Iterator[tuple[str, str, str]]:
        for index, reference in enumerate(self.queues):
            yield f"queues[{index}]", "queue", reference


class QueueGroupReference(EntityReference):
    """A group of queues."""

    kind = "queue_group"
