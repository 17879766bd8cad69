"""One conversation of a test file, run."""

import traceback
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

from msgspec import Struct

from processor.engine.errors import DocumentRefused
from processor.runtime.simulator.author_tests import DEFAULT_AT, Customer, ScriptedTalk, ScriptedTurn
from processor.runtime.simulator.comparison import differences
from processor.runtime.simulator.duration import moment_ms
from processor.runtime.simulator.happening import happen
from processor.runtime.simulator.simulation import Simulation, SimulationError, Unanswered
from processor.runtime.simulator.suite import Suite
from processor.runtime.simulator.telling import clock, tell_steps
from processor.runtime.simulator.turn import Turn, together
from processor.runtime.simulator.world import conversation_that_draws

Counts = Mapping[tuple[str, str, str], int]
"""Flow, action and branch → how often it was taken."""


class Verdict(Struct, frozen=True):
    """What became of one conversation."""

    file: str
    conversation: str
    seconds: float
    turns: int
    counts: dict[tuple[str, str, str], int]
    summary: str | None = None
    """What differs, in a few words; None where all is as expected."""

    failure: str | None = None
    """What differs, beside the steps that were taken."""

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return self.failure is None


class _Failed(Exception):
    """An expectation that is not met."""

    def __init__(self, summary: str, lines: list[str]) -> None:
        super().__init__(summary)
        self.summary = summary
        self.lines = lines


def run(suite: Suite, number: int) -> Verdict:
    """Run one conversation of a test file, counted from 0."""
    talk = suite.tests.conversations[number]
    begun = perf_counter()
    done: list[Turn] = []
    failed: _Failed | None = None
    try:
        simulation = simulation_of(suite, talk)
        _play(simulation, talk, done)
    except _Failed as failure:
        failed = failure
    except DocumentRefused as refused:
        failed = _Failed("the conversation cannot begin", str(refused).splitlines())
    except Exception as error:  # noqa: BLE001 - the engine's own failure, which would quarantine the conversation, fails this test alone
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})"
        failed = _Failed(
            "the engine failed, which would quarantine the conversation", ["the engine failed; this is no fault of the flow:", told]
        )
    counts: dict[tuple[str, str, str], int] = {}
    for turn in done:
        for step in turn.taken:
            key = (step.flow, step.action, step.branch or "")
            counts[key] = counts.get(key, 0) + 1
    seconds = perf_counter() - begun
    if failed is None:
        return Verdict(str(suite.file), talk.conversation, seconds, len(done), counts)
    told = "\n".join([*failed.lines, "", *_story(suite, done)])
    return Verdict(str(suite.file), talk.conversation, seconds, len(done), counts, failed.summary, told)


def simulation_of(suite: Suite, talk: ScriptedTalk) -> Simulation:
    """Return a conversation of a test file before its first turn. Raises SuiteRefused, DocumentRefused."""
    world = suite.world(talk)
    whole, own = suite.tests.customer or Customer(), talk.customer or Customer()
    return Simulation(
        world,
        suite.rules_for(talk),
        at=moment_ms(talk.at or suite.tests.at or DEFAULT_AT, world.flow.timezone),
        conversation_id=conversation_that_draws(world, talk.draws),
        address=own.address or whole.address,
        name=own.name or whole.name,
        locale=own.locale or whole.locale,
    )


def _play(simulation: Simulation, talk: ScriptedTalk, done: list[Turn]) -> None:
    """Let every turn happen and compare it. Raises _Failed."""
    for number, scripted in enumerate(talk.turns, 1):
        if number == 1:
            scripted = scripted if scripted.after is not None else scripted.model_copy(update={"after": 0})  # noqa: PLW2901 - the same turn
        place = f"turn {number} ({_happening(scripted)})"
        try:
            turn = happen(simulation, scripted)
        except SimulationError as error:
            raise _Failed(
                f"{place}: {str(error).splitlines()[0]}", [f"{place}:", *(f"  {line}" for line in str(error).splitlines())]
            ) from error
        done.append(turn)
        differing = differences(scripted, turn)
        if differing:
            what = ", ".join(line.rstrip(":") for line in differing if not line.startswith(" "))
            raise _Failed(f"{place}: {what}", [f"{place}:", *(f"  {line}" for line in differing)])
    if simulation.unanswered is not None:
        told = str(Unanswered(simulation.unanswered)).splitlines()
        raise _Failed(f"at the end: {told[0]}", ["at the end:", *(f"  {line}" for line in told)])
    differing = differences(talk.expect, together(done)) if talk.expect is not None else []
    if differing:
        raise _Failed("the conversation as a whole", ["the conversation as a whole:", *(f"  {line}" for line in differing)])


def _happening(turn: ScriptedTurn) -> str:
    for name in ("image", "customer", "choose", "wait", "agent", "operator"):
        value = getattr(turn, name)
        if value is not None:
            return f"{name}: {value.url if name == 'image' else value}"
    return "answer" if turn.answer is not None else "report"


def _story(suite: Suite, done: list[Turn]) -> list[str]:
    """Return the steps taken so far."""
    flow = suite.under_test()[0]
    lines = ["steps taken:"]
    for turn in done:
        lines.append(f"  {clock(turn.at, flow.timezone)}  {turn.said}")
        lines += [f"      {line}" for line in tell_steps(turn, flow.timezone, flow.reference)]
    return lines
