"""§ 1.2, load sharing."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.action import LINKS, Action
from processor.engine.hashing import draw
from processor.engine.outcome import Outcome, Taken
from processor.engine.visit import Visit

_Load = Annotated[int, Field(ge=0, le=100, description="Percentage of the traffic.")]


class LoadSharing(Action):
    """Split the traffic over up to ten links by percentage.

    - `link_1` … `link_10`: the link drawn. The draw is a hash of interaction, flow, action and visit: a replay draws the same.
    - `no_link`: the link drawn is not wired.

    ```yaml
    type: load_sharing
    link_load_no_1: 90
    link_load_no_2: 10
    links: {link_1: end, link_2: end}
    ```
    """

    type = "load_sharing"
    section = "1.2"
    branches = (*LINKS, "no_link")
    failure = "no_link"

    link_load_no_1: _Load = 0
    link_load_no_2: _Load = 0
    link_load_no_3: _Load = 0
    link_load_no_4: _Load = 0
    link_load_no_5: _Load = 0
    link_load_no_6: _Load = 0
    link_load_no_7: _Load = 0
    link_load_no_8: _Load = 0
    link_load_no_9: _Load = 0
    link_load_no_10: _Load = 0

    @model_validator(mode="after")
    def _loads_make_100(self) -> Self:
        if sum(self._loads) != 100:
            raise ValueError(f"loads whose sum is 100, found {sum(self._loads)}")
        return self

    @property
    def _loads(self) -> tuple[int, ...]:
        return (
            self.link_load_no_1, self.link_load_no_2, self.link_load_no_3, self.link_load_no_4, self.link_load_no_5,
            self.link_load_no_6, self.link_load_no_7, self.link_load_no_8, self.link_load_no_9, self.link_load_no_10,
        )  # fmt: skip

    @override
    def used_branches(self) -> tuple[str, ...]:
        """Return the links that can be drawn."""
        return tuple(link for link, load in zip(LINKS, self._loads, strict=True) if load)

    @override
    def apply(self, visit: Visit) -> Outcome:
        count = visit.counter + 1
        rest = draw(100, visit.interaction.id, visit.flow.reference, visit.interaction.action, count)
        for link, load in zip(LINKS, self._loads, strict=True):
            rest -= load
            if rest < 0:
                return Taken(link if visit.linked(link) else "no_link", counter=count)
        raise AssertionError("the loads make 100, so that one of them is drawn")
