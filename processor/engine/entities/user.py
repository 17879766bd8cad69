"""Users: the agents of the ACD (§ 4.3)."""

from collections.abc import Iterator

from pydantic import Field
from typing_extensions import override

from processor.engine.entities.entity import Entity, Name
from processor.engine.parameters import EntityReference


class User(Entity):
    """An agent."""

    entity_kind = "user"

    active: bool = Field(default=True, description="Whether interactions may be assigned; an agent who is away for a while stays active.")
    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$", description="The agent's own address.")
    skills: list[Name] = Field(default_factory=list, description="What the agent can do; queues ask for it.")
    capacity: int = Field(default=1, ge=1, le=100, description="Conversations that the agent can have at once.")
    queues: list[Name] = Field(default_factory=list, description="References of the queues that the agent serves.")

    @override
    def named(self) -> Iterator[tuple[str, str, str]]:
        for index, reference in enumerate(self.queues):
            yield f"queues[{index}]", "queue", reference


class UserReference(EntityReference):
    """An active user."""

    kind = "user"
