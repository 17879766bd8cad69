"""The definitions of a simulated conversation, and where it begins."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from processor.actions import action_types
from processor.engine.definitions import DefinitionLog, Definitions
from processor.engine.entities import EntryPoint
from processor.engine.errors import DocumentRefused, Fault
from processor.engine.events import Continued
from processor.engine.flow import Flow
from processor.engine.interaction import Customer, Interaction
from processor.engine.outcome import Taken
from processor.engine.visit import Visit
from processor.flow.batch import Batch, read_batch
from processor.flow.faults import described, did_you_mean
from processor.flow.publication import in_file
from processor.runtime.simulator.documents import Document

_TRIES: Final = 200_000


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is defined, and the entry point through which the customer comes."""

    definitions: Definitions
    entry: EntryPoint
    flow: Flow


def read_documents(documents: Iterable[tuple[str, Document]]) -> Batch:
    """Return the definitions of documents, each with the name of its file.

    Raises DocumentRefused with every fault.
    """
    batch = read_batch(documents, action_types())
    if batch.faults:
        raise DocumentRefused([in_file(name, fault) for name, fault in batch.faults])
    return batch


def world_of(batch: Batch, flow: str | None, channel: str | None) -> World:
    """Return a world in which all of a batch is published, each flow as version 1.

    Args:
        batch: what is defined.
        flow: reference of the flow in which conversations begin; the one that an entry point names, or the only one, where it is None.
        channel: the customer's channel; the entry point's, or web chat, where it is None.

    Raises:
        DocumentRefused: no flow can begin a conversation.
    """
    log = DefinitionLog()
    for entity in batch.entities.values():
        log.publish(log.offset + 1, entity)
    for read in batch.flows.values():
        log.publish_flow(log.offset + 1, replace(read, version=1))
    doors = [entity for entity in batch.entities.values() if isinstance(entity, EntryPoint)]
    begun = flow or _beginning(batch, doors)
    entry = next((door for door in doors if door.flow == begun and channel in (None, door.channel)), None)
    if entry is None:
        made_up = {"id": "simulated", "reference": "simulated", "channel": channel or "web_chat", "account": "simulated", "flow": begun}
        entry = EntryPoint.model_validate(made_up)
        log.publish(log.offset + 1, entry)
    definitions = log.newest()
    opened = definitions.production(begun)
    if opened is None or opened.type != "start":
        known = [read.reference for read in batch.flows.values() if read.type == "start"]
        found = "none" if opened is None else "one of type end_of_interaction"
        raise DocumentRefused([Fault("flow", f"a flow {described(begun)} of type start{did_you_mean(begun, known)}", found)])
    return World(definitions, entry, opened)


def _beginning(batch: Batch, doors: list[EntryPoint]) -> str:
    flows = [read.reference for read in batch.flows.values() if read.type == "start"]
    named = [door.flow for door in doors if door.flow in flows] or flows
    if len(set(named)) == 1:
        return named[0]
    found = f"{', '.join(dict.fromkeys(named))}: say which one (--flow)" if named else "none"
    raise DocumentRefused([Fault("", "one flow of type start in which the conversation begins", found)])


def conversation_that_draws(world: World, draws: Mapping[str, list[str]]) -> str:
    """Return the id of a conversation whose first interaction draws what is wanted: action, or `flow/action`, → links one after another.

    Raises DocumentRefused where an action is none that draws, or no conversation was found.
    """
    wanted = [(_drawing(world, name), name, links) for name, links in draws.items()]
    for number in range(_TRIES if wanted else 1):
        identity = f"simulated {number}" if number else "simulated"
        if all(_draws(world, identity, flow, action, links) for (flow, action), _, links in wanted):
            return identity
    told = "; ".join(f"{name}: {', '.join(links)}" for name, links in draws.items())
    raise DocumentRefused([Fault("draws", f"links that are drawn in one of {_TRIES} conversations", told)])


def _drawing(world: World, name: str) -> tuple[Flow, str]:
    reference, _, action = name.rpartition("/")
    flow = world.definitions.production(reference) if reference else world.flow
    placed = flow.actions.get(action) if flow is not None else None
    if flow is None or placed is None or placed.type != "load_sharing":
        known = [identity for identity, other in (flow or world.flow).actions.items() if other.type == "load_sharing"]
        raise DocumentRefused([Fault(f"draws.{name}", f"an action of type load_sharing{did_you_mean(action, known)}", described(name))])
    return flow, action


def _draws(world: World, identity: str, flow: Flow, action: str, links: list[str]) -> bool:
    """Tell whether a conversation's first interaction draws links: the action itself is asked, as if it were passed."""
    nobody = Customer("", "", "")
    for passed, link in enumerate(links):
        counters = {f"{flow.reference}/{action}": passed}
        passing = Interaction(identity, 1, nobody, flow.reference, flow.version, 0, 0, action, counters=counters)
        outcome = flow.actions[action].apply(Visit(flow, passing, Continued(0), world.definitions))
        if not isinstance(outcome, Taken) or outcome.branch != link:
            return False
    return True
