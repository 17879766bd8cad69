"""What the campaigns of all channels have (§ 9)."""

from typing import Self

from pydantic import Field, model_validator

from processor.engine.entities.entity import Entity


class Campaign(Entity):
    """An outbound campaign, into which flows insert targets."""

    lowest_priority: int = Field(default=1, ge=0, le=1_000_000, description="Lowest number that a target's priority may have.")
    highest_priority: int = Field(default=10, ge=0, le=1_000_000, description="Highest number that a target's priority may have.")

    @model_validator(mode="after")
    def _priorities_are_a_range(self) -> Self:
        if self.lowest_priority > self.highest_priority:
            raise ValueError(f"`lowest_priority` up to `highest_priority`, which is {self.highest_priority}, found {self.lowest_priority}")
        return self
