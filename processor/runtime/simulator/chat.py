"""A conversation typed line by line. Takes lines and gives what followed; who reads and prints them is elsewhere."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from processor.engine.errors import Fault, SmartRoutingError
from processor.flow.faults import translated
from processor.runtime.simulator.author_tests import ScriptedTurn
from processor.runtime.simulator.duration import written_duration
from processor.runtime.simulator.happening import UNTIL, check_wait, happen
from processor.runtime.simulator.script import SILENCE, Rule
from processor.runtime.simulator.simulation import Simulation, SimulationError, Unanswered
from processor.runtime.simulator.turn import Turn
from processor.runtime.simulator.world import World, conversation_that_draws

PAUSE_MS: Final = 60_000
"""Pauses and delayed answers up to this long pass by themselves."""

HELP: Final = (
    ("text", "what the customer writes; a number picks the choice; `//` begins a text with `/`"),
    ("/wait 2h", "time passes: 30s, 5m, 2h, 3d, 1h30m"),
    ("/wait until 2026-03-02T18:00", "time passes until then, in the flow's time zone"),
    ("/wait deadline", "time passes until just past the deadline of what waits"),
    ("/choose text", "the customer presses a choice: number, text or id"),
    ("/image URL [text]", "the customer sends a picture"),
    ("/answer ok key=value …", "a connector answers what waits; another outcome, reason=…, to=NameOfCommand; or `/answer silence`"),
    ("/agent text", "the agent who has the interaction writes"),
    ("/report outcome [reason]", "a connector tells what became of a command since, such as a payment"),
    ("/end", "an operator ends the interaction"),
    ("/vars", "what the variables hold"),
    ("/restart", "begin anew"),
    ("/quit", "leave"),
)


class NotUnderstood(SmartRoutingError):
    """A line that means nothing here; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Done:
    """One happening and what followed."""

    happening: Mapping[str, Any]
    """As a test would write it."""

    turn: Turn


@dataclass(slots=True)
class Chat:
    """One conversation after the other with the same flow."""

    world: World
    rules: Sequence[Rule]
    at: int
    """Log time when each conversation begins, epoch ms."""

    draws: Mapping[str, list[str]] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    """What has happened since the conversation began."""

    simulation: Simulation = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin anew. Raises DocumentRefused where what is to be drawn cannot be."""
        identity = conversation_that_draws(self.world, self.draws)
        self.simulation = Simulation(self.world, self.rules, at=self.at, conversation_id=identity, must_answer=False)
        self.done = []

    def take(self, line: str) -> list[Done]:
        """Let happen what a line says, and the pauses after it. Raises NotUnderstood, SimulationError; nothing has happened then."""
        happening = self._happening(line)
        return [self._happen(happening), *self._pauses()]

    def _happening(self, line: str) -> dict[str, Any]:
        if line.startswith("//"):
            return {"customer": line[1:]}
        if not line.startswith("/"):
            waits = self.simulation.waiting
            offered = waits is not None and waits.awaits == "message" and bool(self.simulation.offered)
            picked = self.simulation.choice(line) if offered and line.strip().isdecimal() else None
            if picked is None:
                return {"customer": line}
            return {"choose": picked.text if self.simulation.choice(picked.text) is picked else line.strip()}
        name, _, rest = line[1:].partition(" ")
        read = _COMMANDS.get(name)
        if read is None:
            known = ", ".join(f"/{name}" for name in sorted((*_COMMANDS, "help", "quit", "restart", "vars")))
            raise NotUnderstood(f"expected one of {known}; found /{name}")
        return read(rest.strip())

    def _happen(self, happening: dict[str, Any]) -> Done:
        if not self.done:
            if "customer" not in happening and "image" not in happening:
                raise NotUnderstood("expected the customer's first message, which opens the interaction")
            happening = {**happening, "after": "0s"} if self.simulation.conversation is None else happening
        turn = self._checked(happening)
        unanswered = self.simulation.unanswered
        if unanswered is not None and not happening.keys() & {"answer", "agent"}:
            raise Unanswered(unanswered)
        begun = self.simulation.at
        done = Done({name: value for name, value in happening.items() if name != "after"}, happen(self.simulation, turn))
        if self.simulation.unanswered is not None and turn.wait is not None:  # time stopped where an answer is needed
            done = Done({"wait": written_duration(max(self.simulation.at - begun - 1, 0))}, done.turn)
        self.done.append(done)
        return done

    def _checked(self, happening: Mapping[str, Any]) -> ScriptedTurn:
        try:
            turn = ScriptedTurn.model_validate(happening)
            if turn.wait is not None:
                check_wait(turn.wait, self.world.flow.timezone)
        except ValidationError as error:
            faults: list[Fault] = translated(error, ScriptedTurn, happening)
            raise NotUnderstood("; ".join(f"expected {fault.expected}; found {fault.found}" for fault in faults)) from error
        except ValueError as error:
            raise NotUnderstood(f"expected {error}") from error
        return turn

    def _pauses(self) -> list[Done]:
        """Let short pauses of the flow pass, and answers come that are under way."""
        passed: list[Done] = []
        for _ in range(100):
            wait, simulation = self.simulation.waiting, self.simulation
            if wait is None or simulation.unanswered is not None:
                break
            if wait.awaits == "time" and wait.deadline is not None and wait.deadline - simulation.at <= PAUSE_MS:
                passed.append(self._happen({"wait": "deadline"}))
            elif wait.awaits == "response" and simulation.next_at is not None and simulation.next_at - simulation.at <= PAUSE_MS:
                passed.append(self._happen({"wait": written_duration(simulation.next_at - simulation.at)}))
            else:
                break
        return passed


def _wait(rest: str) -> dict[str, Any]:
    return {"wait": f"{UNTIL}{rest.removeprefix(UNTIL).strip()}" if rest.startswith(UNTIL) else rest}


def _image(rest: str) -> dict[str, Any]:
    url, _, text = rest.partition(" ")
    if not url:
        raise NotUnderstood("expected an address, as `/image https://example.com/roof.png`; found nothing")
    return {"customer": text.strip(), "image": url} if text.strip() else {"image": url}


def _answer(rest: str) -> dict[str, Any]:
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise NotUnderstood(f"expected quotes in pairs; found {rest}") from error
    said = dict(word.split("=", 1) for word in words if "=" in word)
    outcomes = [word for word in words if "=" not in word]
    if len(outcomes) > 1:
        raise NotUnderstood(f"expected one outcome, then name=value (between quotes where it holds a space); found {' '.join(outcomes)}")
    to = {"to": said.pop("to")} if "to" in said else {}
    if outcomes == [SILENCE]:
        return {"answer": SILENCE, **to}
    answer: dict[str, Any] = {"outcome": outcomes[0] if outcomes else "ok"}
    answer |= {name: said.pop(name) for name in ("reason", "detail") if name in said}
    return {"answer": {**answer, "values": said} if said else answer, **to}


def _report(rest: str) -> dict[str, Any]:
    outcome, _, reason = rest.partition(" ")
    return {"report": {"outcome": outcome, "reason": reason.strip()} if reason.strip() else outcome}


_COMMANDS: Final[Mapping[str, Callable[[str], dict[str, Any]]]] = {
    "wait": _wait,
    "choose": lambda rest: {"choose": rest},
    "image": _image,
    "answer": _answer,
    "agent": lambda rest: {"agent": rest},
    "report": _report,
    "end": lambda _: {"operator": "end"},
}

__all__ = ["HELP", "Chat", "Done", "NotUnderstood", "SimulationError"]
