"""How turns are told to people: what was said, which steps were taken."""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from processor.engine.step import Step
from processor.runtime.simulator.turn import Turn, name_of


def clock(at: int, timezone: tzinfo) -> str:
    """Return a log time as date and time of day in a time zone."""
    return datetime.fromtimestamp(at / 1000, timezone).strftime("%Y-%m-%d %H:%M:%S")


def tell_steps(turn: Turn, timezone: tzinfo, flow: str) -> Iterator[str]:
    """Yield a line for each step: action, type, branch, reason, and what it issued and wrote. Steps of another flow name it."""
    for advance in turn.advances:
        if advance.disposition not in ("applied", "acknowledged"):
            yield f"{type(advance.event).__name__}: {advance.disposition}{f', {advance.note}' if advance.note else ''}"
        for step in advance.steps:
            yield step_line(step, timezone, flow)
            yield from (f"  → {name_of(command)}" for command in step.commands)
            yield from (f"  {write.variable}.{write.field} = {write.value!r}" for write in step.writes)
            yield from (f"  ! {warning}" for warning in step.warnings)
        if advance.ended is not None:
            yield f"the interaction ends: {advance.ended}{f' ({advance.note})' if advance.note else ''}"


def step_line(step: Step, timezone: tzinfo, flow: str) -> str:
    """Return what one step did: `find_order (web_service) not_ok, timeout → sorry`."""
    name = step.action if step.flow == flow else f"{step.flow}/{step.action}"
    return f"{name} ({step.type}) {_outcome(step, timezone)}"


def _outcome(step: Step, timezone: tzinfo) -> str:
    if step.branch is not None:
        reason = f", {step.reason}" if step.reason and step.reason != step.branch else ""
        return f"{step.branch}{reason} → {step.next or 'nothing, it is not linked'}"
    if step.handed_over_to is not None:
        return f"hands over to {step.handed_over_to.rpartition(' ')[0]}"
    if step.wait_id is None:
        return "is given up"
    return "waits" if step.deadline is None else f"waits until {clock(step.deadline, timezone)}"
