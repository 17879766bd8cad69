"""From what a test or a chat says that happens to what happens in a simulation."""

import mimetypes
from typing import Final
from zoneinfo import ZoneInfo

from processor.engine.events import Media
from processor.runtime.simulator.author_tests import Picture, ScriptedTurn
from processor.runtime.simulator.duration import duration_ms, moment_ms
from processor.runtime.simulator.simulation import BEAT_MS, Simulation
from processor.runtime.simulator.turn import Turn

DEADLINE: Final = "deadline"
UNTIL: Final = "until "


def happen(simulation: Simulation, turn: ScriptedTurn) -> Turn:
    """Let a turn's happening take place. Raises SimulationError where it cannot, ValueError for a time that is none."""
    after_ms = BEAT_MS if turn.after is None else turn.after
    if turn.wait is not None:
        return _wait(simulation, turn.wait, turn.after or 0)
    if turn.image is not None:
        return simulation.say(turn.customer, (_media(turn.image),), after_ms=after_ms)
    if turn.customer is not None:
        return simulation.say(turn.customer, after_ms=after_ms)
    if turn.choose is not None:
        return simulation.choose(turn.choose, after_ms=after_ms)
    if turn.answer is not None:
        return simulation.answer(turn.answer, turn.to, after_ms=after_ms)
    if turn.agent is not None:
        return simulation.agent(turn.agent, turn.by, after_ms=after_ms)
    if turn.report is not None:
        return simulation.report(turn.report.outcome, turn.report.reason, turn.to, after_ms=after_ms)
    return simulation.end(after_ms=after_ms)


def check_wait(written: str, timezone: ZoneInfo) -> None:
    """Look whether a wait can be read. Raises ValueError."""
    if written.startswith(UNTIL):
        moment_ms(written.removeprefix(UNTIL), timezone)
    elif written != DEADLINE:
        try:
            duration_ms(written)
        except ValueError as error:
            raise ValueError(f"{error} (or `until 2026-03-02T18:00`, or `{DEADLINE}`)") from error


def _wait(simulation: Simulation, written: str, before_ms: int) -> Turn:
    if written == DEADLINE:
        return simulation.wait_for_deadline()
    if written.startswith(UNTIL):
        return simulation.wait_until(moment_ms(written.removeprefix(UNTIL), simulation.world.flow.timezone), written)
    return simulation.wait(duration_ms(written) + before_ms)


def _media(picture: Picture) -> Media:
    guessed, _ = mimetypes.guess_type(picture.url)
    return Media(picture.url, picture.mime_type or guessed or "application/octet-stream", picture.name)
