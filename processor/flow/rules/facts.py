"""What rules look at."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from processor.actions.distribution_to_smart_routing import DistributionToSmartRouting
from processor.engine.action import Action
from processor.engine.definitions import Definitions
from processor.engine.entities import EntryPoint
from processor.engine.errors import Misfit
from processor.engine.flow import START, Flow
from processor.engine.parameters import EntityReference, FlowReference
from processor.engine.template import Template
from processor.flow.mentions import Mentions, mentions


class Facts:
    """A flow, what its actions mention, and the definitions beside which it will run, as far as they are known."""

    def __init__(self, flow: Flow, definitions: Definitions | None) -> None:
        self.flow = flow
        self.definitions = definitions

    @cached_property
    def mentions(self) -> Mapping[str, Mentions]:
        """What each action mentions."""
        return {identity: mentions(action) for identity, action in self.flow.actions.items()}

    @cached_property
    def graph(self) -> Mapping[str, tuple[str, ...]]:
        """Each action, and the actions that its links lead to, each once, in the order of its links."""
        actions = self.flow.actions
        return {
            identity: tuple(dict.fromkeys(target for target in action.links.values() if target in actions))
            for identity, action in actions.items()
        }

    @cached_property
    def misfits(self) -> Mapping[str, Sequence[Misfit]]:
        """What each action says of its parameters beside what they name."""
        definitions = self.definitions
        return {identity: action.misfits(definitions) for identity, action in self.flow.actions.items()} if definitions is not None else {}

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """The channels whose customers come to this flow, as far as entry points and hand-overs tell."""
        if self.definitions is None:
            return ()
        here = self.flow.reference
        entries = [entity for entity in self.definitions.entities() if isinstance(entity, EntryPoint)]
        return tuple(sorted({entry.channel for entry in entries if here in self._led_to(entry)}))

    def _led_to(self, entry: EntryPoint) -> set[str]:
        """Return the references of the flows that customers of an entry point may come to."""
        ahead = [reference for reference in (entry.flow, entry.end_of_interaction) if reference is not None]
        led = set(ahead)
        while ahead:
            flow = self.flow_known(ahead.pop())
            new = [wanted for _, named in (hand_overs(flow) if flow is not None else ()) if (wanted := name_of(named)[1]) not in led]
            led.update(new)
            ahead += new
        return led

    @property
    def actions(self) -> Iterator[tuple[str, Action]]:
        """The actions, each with its path in the document."""
        for identity, action in self.flow.actions.items():
            yield f"actions.{identity}", action

    @property
    def templates(self) -> Iterator[tuple[str, Template]]:
        """The templates, each with its path in the document."""
        for identity, mentioned in self.mentions.items():
            for path, template in mentioned.templates:
                yield f"actions.{identity}.{path}", template

    @property
    def references(self) -> Iterator[tuple[str, EntityReference]]:
        """The entities and flows that the actions name, each with its path in the document."""
        for identity, mentioned in self.mentions.items():
            for path, reference in mentioned.references:
                yield f"actions.{identity}.{path}", reference

    def flow_known(self, reference: str) -> Flow | None:
        """Return a flow by its reference, as it is once this version is published."""
        if reference == self.flow.reference:
            return self.flow
        return self.definitions.production(reference) if self.definitions is not None else None


def hand_overs(flow: Flow) -> Iterator[tuple[str, FlowReference]]:
    """Give a flow's hand-overs: action and what it names."""
    for identity, action in flow.actions.items():
        if isinstance(action, DistributionToSmartRouting):
            yield identity, action.smart_routing


def name_of(reference: EntityReference) -> tuple[str, str]:
    """Return by which key an entity is named, and its name; empty where only an interaction's variables can tell."""
    if reference.reference is None:
        return "id", reference.id or ""
    return "reference", (reference.reference.constant or "").strip()


def reachable(graph: Mapping[str, tuple[str, ...]], first: str = START, *, without: str = "") -> set[str]:
    """Return the actions that some way from the first one leads to, the first one included; ways through the one left out are not gone."""
    reached = {first}
    ahead = [first]
    while ahead:
        new = [target for target in graph[ahead.pop()] if target not in reached and target != without]
        reached.update(new)
        ahead.extend(new)
    return reached
