"""What rules look at."""

from collections.abc import Mapping
from dataclasses import dataclass

from processor.engine.definitions import Definitions
from processor.engine.flow import Flow
from processor.flow.mentions import Mentions, mentions


@dataclass(frozen=True, slots=True)
class Facts:
    """A flow, what its actions mention, and the definitions beside which it will run, as far as they are known."""

    flow: Flow
    definitions: Definitions | None
    mentions: Mapping[str, Mentions]

    @classmethod
    def of(cls, flow: Flow, definitions: Definitions | None) -> "Facts":
        """Collect what the rules share."""
        return cls(flow, definitions, {identity: mentions(action) for identity, action in flow.actions.items()})

    def targets(self, identity: str) -> tuple[str, ...]:
        """Return the actions that an action's links lead to, each once, in the order of its links."""
        return tuple(dict.fromkeys(target for target in self.flow.actions[identity].links.values() if target in self.flow.actions))
