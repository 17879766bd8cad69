"""What all definitions have."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Part(BaseModel):
    """A group of an entity's own fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Entity(Part):
    """A definition that flows name: a document of its own, published to the topic `definitions`."""

    entity_kind: ClassVar[str]

    id: Name = Field(description="Identity; stays when the reference changes.")
    reference: Name = Field(description="Reference code by which documents name it.")
    name: str = Field(default="", description="Name for people.")

    def named(self) -> Iterator[tuple[str, str, str]]:
        """Give the entities that this one names: path below it, kind, reference."""
        yield from ()
