"""One test file with all that it needs: flows, definitions, scripts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from processor.engine.entities import Entity
from processor.engine.errors import DocumentRefused, Fault, SmartRoutingError
from processor.engine.flow import Flow
from processor.engine.visit import BUILT_IN
from processor.flow.batch import FLOW, Batch
from processor.flow.faults import below, described, did_you_mean, translated
from processor.runtime.simulator.author_tests import AuthorTests, Expectation, ScriptedTalk, Situation
from processor.runtime.simulator.command_names import unknown_names
from processor.runtime.simulator.documents import Gathered, gather, load_file, rules_of
from processor.runtime.simulator.duration import moment_ms
from processor.runtime.simulator.happening import check_wait
from processor.runtime.simulator.script import Rule
from processor.runtime.simulator.world import World, read_documents, world_of

Found = tuple[str, Fault]
"""Name of a file, and what is wrong in it."""


class SuiteRefused(SmartRoutingError):
    """A test file with faults, in it or in what it names; all of them."""

    def __init__(self, faults: Sequence[Found]) -> None:
        super().__init__("\n".join(f"{name}: {fault}" for name, fault in faults))
        self.faults = tuple(faults)


@dataclass(slots=True)
class Suite:
    """A test file that can be run."""

    file: Path
    tests: AuthorTests
    batch: Batch
    flows: tuple[str, ...]
    """References of the flows under test; conversations begin in the first."""

    rules: list[Rule]
    """What connectors answer in every conversation."""

    exempt: frozenset[tuple[str, str, str]]
    """Flow, action and branch of the branches that are not counted."""

    _worlds: dict[str | None, World] = field(default_factory=dict)

    def world(self, talk: ScriptedTalk) -> World:
        """Return the definitions of one conversation and where it begins. Raises DocumentRefused, SuiteRefused."""
        channel = talk.channel or self.tests.channel
        if talk.definitions or talk.without:
            return world_of(self._altered(talk), self.flows[0], channel)
        if channel not in self._worlds:
            self._worlds[channel] = world_of(self.batch, self.flows[0], channel)
        return self._worlds[channel]

    def rules_for(self, talk: ScriptedTalk) -> list[Rule]:
        """Return what connectors answer in one conversation: its own rules come first. Raises SuiteRefused."""
        return [*_rules(self.file, talk, ""), *self.rules] if talk.script else self.rules

    def under_test(self) -> list[Flow]:
        """Return the flows under test."""
        return [flow for reference in self.flows for flow in self.batch.flows.values() if flow.reference == reference]

    def _altered(self, talk: ScriptedTalk) -> Batch:
        faults: list[Found] = []
        added = _read(_gathered(self.file, talk, "", faults)) if talk.definitions else Batch()
        if faults:
            raise SuiteRefused(faults)
        replaced = [*map(_identity, added.flows.values()), *map(_identity, added.entities.values())]
        gone = {*talk.without, *replaced}
        flows = {name: flow for name, flow in self.batch.flows.items() if not gone & set(_names(flow))}
        entities = {name: entity for name, entity in self.batch.entities.items() if not gone & set(_names(entity))}
        return Batch({**flows, **added.flows}, {**entities, **added.entities})


def load_suite(file: Path) -> Suite:
    """Return the tests of a file. Raises SuiteRefused with every fault, of what it names, too."""
    faults: list[Found] = []
    document = load_file(file, faults)
    if document is None:
        raise SuiteRefused(faults)
    plain = dict(document)
    try:
        tests = AuthorTests.model_validate(plain)
    except ValidationError as error:
        raise SuiteRefused([(str(file), fault) for fault in translated(error, AuthorTests, plain)]) from error
    flows = _gathered_paths(file, tests.flow, "flow", faults)
    references = [str(document.get("ref")) for _, document in flows.definitions if document.get("kind", FLOW) == FLOW]
    rest = _gathered(file, tests, "", faults)
    named = {Path(name).resolve() for name, _ in flows.definitions}
    batch = Batch()
    try:
        batch = _read(Gathered([*flows.definitions, *(found for found in rest.definitions if Path(found[0]).resolve() not in named)]))
    except SuiteRefused as refused:
        faults += refused.faults
    try:
        rules = _rules(file, tests, "")
    except SuiteRefused as refused:
        rules, faults = [], [*faults, *refused.faults]
    if not references:
        faults.append((str(file), Fault("flow", "the path of a flow's document", described(tests.flow[0]))))
    if faults:
        raise SuiteRefused(faults)
    suite = Suite(file, tests, batch, tuple(references), rules, frozenset())
    suite.exempt = frozenset(_exempt(suite, faults))
    faults += _faults_of_talks(suite)
    if faults:
        raise SuiteRefused(faults)
    return suite


def _faults_of_talks(suite: Suite) -> Iterator[Found]:
    name, begins = str(suite.file), suite.under_test()[0]
    if suite.tests.at is not None:
        yield from _time(name, "at", suite.tests.at, begins)
    defined: list[Flow | Entity] = [*suite.batch.flows.values(), *suite.batch.entities.values()]
    known = [name for item in defined for name in _names(item)]
    flows = suite.batch.flows.values()
    fields = sorted({f"{variable}.{name}" for flow in flows for variable, declared in flow.variables.items() for name in declared})
    for number, talk in enumerate(suite.tests.conversations):
        path = below("conversations", number)
        if talk.at is not None:
            yield from _time(name, below(path, "at"), talk.at, begins)
        for index, gone in enumerate(talk.without):
            if gone not in known:
                expected = f"kind and reference of a definition, such as `queue sales`{did_you_mean(gone, known)}"
                yield name, Fault(below(below(path, "without"), index), expected, described(gone))
        yield from _faults_of_turns(name, path, talk, begins)
        if not talk.definitions:  # flows of its own may declare more
            yield from _faults_of_fields(name, path, talk, fields)
        try:
            suite.rules_for(talk)
            suite.world(talk)
        except SuiteRefused as refused:
            for found, fault in refused.faults:
                yield found, Fault(f"{path}.{fault.path}" if found == name else fault.path, fault.expected, fault.found)
        except DocumentRefused as refused:
            for fault in refused.faults:
                yield name, Fault(f"{path}.{fault.path}", fault.expected, fault.found)


def _faults_of_turns(name: str, path: str, talk: ScriptedTalk, begins: Flow) -> Iterator[Found]:
    turns = below(path, "turns")
    if talk.turns[0].customer is None and talk.turns[0].image is None:
        yield name, Fault(below(turns, 0), "the customer's first message, which opens the interaction", "something else")
    for index, turn in enumerate(talk.turns):
        if turn.wait is None:
            continue
        try:
            check_wait(turn.wait, begins.timezone)
        except ValueError as error:
            expected, _, found = str(error).partition(", found ")
            yield name, Fault(below(below(turns, index), "wait"), expected, found)


def _faults_of_fields(name: str, path: str, talk: ScriptedTalk, declared: Sequence[str]) -> Iterator[Found]:
    """Refuse expectations of fields that no flow has: that they hold nothing would be true for good."""
    told: list[tuple[str, Expectation]] = [(below(below(path, "turns"), index), turn) for index, turn in enumerate(talk.turns)]
    if talk.expect is not None:
        told.append((below(path, "expect"), talk.expect))
    for where, expectation in told:
        for variable, fields in (expectation.variables or {}).items():
            for field_name in fields:
                wanted = f"{variable}.{field_name}"
                if variable not in BUILT_IN and wanted not in declared:
                    place = below(below(below(where, "variables"), variable), field_name)
                    yield name, Fault(place, f"a field that a flow declares{did_you_mean(wanted, declared)}", described(wanted))


def _time(name: str, path: str, written: str, flow: Flow) -> Iterator[Found]:
    try:
        moment_ms(written, flow.timezone)
    except ValueError as error:
        expected, _, found = str(error).partition(", found ")
        yield name, Fault(path, expected, found)


def _exempt(suite: Suite, faults: list[Found]) -> Iterator[tuple[str, str, str]]:
    for written in suite.tests.exempt:
        *reference, action, branch = ("", *written.rsplit("/", 2))[-3:]
        wanted = "".join(reference) or suite.flows[0]
        flow = next((flow for flow in suite.under_test() if flow.reference == wanted), None)
        placed = flow.actions.get(action) if flow is not None else None
        if placed is None or branch not in placed.branches:
            fault = Fault(f"exempt.{written}", "action and branch of a flow under test, such as `is_ahead/error`", described(written))
            faults.append((str(suite.file), fault))
        else:
            yield wanted, action, branch


def _gathered(file: Path, situation: Situation, path: str, faults: list[Found]) -> Gathered:
    """Return the definitions that a test file, or a conversation in it, names or holds."""
    named = [item for item in situation.definitions if isinstance(item, str)]
    gathered = _gathered_paths(file, named, below(path, "definitions"), faults)
    for number, item in enumerate(situation.definitions):
        if not isinstance(item, str):
            gathered.definitions.append((f"{file}: {below(below(path, 'definitions'), number)}", item))
    return gathered


def _gathered_paths(file: Path, named: Sequence[str], path: str, faults: list[Found]) -> Gathered:
    there = []
    for number, relative in enumerate(named):
        if (file.parent / relative).exists():
            there.append(file.parent / relative)
        else:
            faults.append(
                (str(file), Fault(below(path, number), "the path of a file or folder, from this file's folder", described(relative)))
            )
    gathered = gather(there)
    faults += gathered.faults
    return gathered


def _read(gathered: Gathered) -> Batch:
    try:
        return read_documents(gathered.definitions)
    except DocumentRefused as refused:
        raise SuiteRefused([_in_file(fault) for fault in refused.faults]) from refused


def _in_file(fault: Fault) -> Found:
    name, _, path = fault.path.partition(": ")
    return name, Fault(path.replace(": ", ".", 1), fault.expected, fault.found)  # a document written here has its place in the path


def _rules(file: Path, situation: Situation, path: str) -> list[Rule]:
    rules: list[Rule] = []
    faults: list[Found] = []
    for number, item in enumerate(situation.script):
        where = below(below(path, "script"), number)
        if isinstance(item, Rule):
            rules.append(item)
            faults += [
                (str(file), Fault(f"{where}.{fault.path.partition('.')[2]}", fault.expected, fault.found))
                for fault in unknown_names([item])
            ]
            continue
        script = file.parent / item
        document = load_file(script, faults)
        if document is not None:
            rules += rules_of(document, str(script), faults)
    if faults:
        raise SuiteRefused(faults)
    return rules


def _identity(item: Flow | Entity) -> str:
    return f"{FLOW} {item.reference}" if isinstance(item, Flow) else f"{item.entity_kind} id {item.id}"


def _names(item: Flow | Entity) -> tuple[str, ...]:
    """Return what a definition can be called: kind and reference, and for replacing kind and id."""
    return (_identity(item),) if isinstance(item, Flow) else (f"{item.entity_kind} {item.reference}", _identity(item))
