"""What the examples cost: every event of the conversations in their tests, as the simulator plays them."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from bench.growth import baseline
from bench.rounds import Figure, compare
from processor.engine import codec
from processor.engine.advance import advance
from processor.engine.definitions import Definitions
from processor.engine.events import ExternalEvent
from processor.runtime.simulator.author_tests import DEFAULT_AT, ScriptedTalk
from processor.runtime.simulator.duration import moment_ms
from processor.runtime.simulator.happening import happen
from processor.runtime.simulator.simulation import Simulation
from processor.runtime.simulator.suite import Suite, load_suite
from processor.runtime.simulator.world import conversation_that_draws

TESTS = "*.test.yaml"

_TIMES = 2


class Played(Struct, frozen=True):
    """One conversation: each event, and the state before it."""

    identity: str
    definitions: Definitions
    events: Sequence[tuple[bytes | None, ExternalEvent]]
    actions: int
    """Actions applied, all events together."""

    def work(self) -> None:
        """Apply all events; each finds the state as its codec gives it, and puts the new one into it."""
        for payload, event in self.events:
            advance(self.identity, codec.decode(payload) if payload is not None else None, event, self.definitions)


class Example(Struct, frozen=True):
    """All conversations of one example."""

    conversations: Sequence[Played]

    @property
    def events(self) -> int:
        """Events in all conversations."""
        return sum(len(played.events) for played in self.conversations)

    @property
    def actions(self) -> int:
        """Actions applied in all conversations."""
        return sum(played.actions for played in self.conversations)

    def work(self) -> None:
        """Play all conversations."""
        for played in self.conversations:
            played.work()


def examples(folders: Iterable[Path]) -> dict[str, Example]:
    """Return the examples that have tests, by the names of their folders.

    Raises SuiteRefused, SimulationError.
    """
    found = {}
    for folder in folders:
        conversations = [played for file in sorted(folder.rglob(TESTS)) for played in _played(load_suite(file))]
        if conversations:
            found[folder.name] = Example(conversations)
    return found


def measure(found: dict[str, Example], rounds: int) -> dict[str, Figure]:
    """Return what an action of each example costs, its share of opening, state and journal's steps included."""
    parts = {name: example.actions for name, example in found.items()}
    return compare({name: example.work for name, example in found.items()}, baseline(), rounds, times=_TIMES, parts=parts)


def _played(suite: Suite) -> Iterator[Played]:
    for talk in suite.tests.conversations:
        simulation = _simulation(suite, talk)
        payload: bytes | None = None
        events: list[tuple[bytes | None, ExternalEvent]] = []
        actions = 0
        for scripted in talk.turns:
            for done in happen(simulation, scripted).advances:
                events.append((payload, done.event))
                actions += len(done.steps)
                payload = done.payload or payload
        yield Played(simulation.conversation_id, simulation.world.definitions, events, actions)


def _simulation(suite: Suite, talk: ScriptedTalk) -> Simulation:
    world = suite.world(talk)
    customers = [customer for customer in (talk.customer, suite.tests.customer) if customer is not None]
    return Simulation(
        world,
        suite.rules_for(talk),
        at=moment_ms(talk.at or suite.tests.at or DEFAULT_AT, world.flow.timezone),
        conversation_id=conversation_that_draws(world, talk.draws),
        address=next((customer.address for customer in customers if customer.address), None),
        name=next((customer.name for customer in customers if customer.name), None),
        locale=next((customer.locale for customer in customers if customer.locale), None),
    )
