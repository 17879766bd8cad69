"""Queues of the ACD (§ 4.1)."""

from typing import Annotated

from pydantic import Field

from processor.engine.entities.entity import Entity, Name
from processor.engine.parameters import EntityReference

_Bound = Annotated[int, Field(ge=1)]


class Queue(Entity):
    """A distribution queue: who serves it, and when it takes nobody in or gives somebody up. A bound that is not given does not hold."""

    entity_kind = "queue"

    skills: list[Name] = Field(default_factory=list, description="Skills that an agent must have to serve it, all of them.")
    maximum_waiting: _Bound | None = Field(
        default=None, description="Interactions that may wait; one more takes `overflow_maximum_waiting`."
    )
    maximum_estimated_wait_sec: _Bound | None = Field(
        default=None, description="Longest wait that may be estimated on entry; a longer one takes `overflow_maximum_estimated_wait`."
    )
    maximum_wait_sec: _Bound | None = Field(
        default=None, description="Longest wait in the queue; past it the interaction takes `dissuasion_maximum_wait`."
    )
    mailbox: Name | None = Field(default=None, description="Mailbox from which e-mails of this queue go out.")


class QueueReference(EntityReference):
    """A queue."""

    kind = "queue"
