"""The names of commands that rules of scripts may use."""

from collections.abc import Iterable, Mapping
from functools import cache

from processor.actions import action_types
from processor.engine.commands import CommandBody
from processor.engine.errors import Fault
from processor.flow.faults import described, did_you_mean
from processor.runtime.simulator.script import Rule


@cache
def command_bodies() -> Mapping[str, type[CommandBody]]:
    """Return every command that an action type can issue, by its name."""
    action_types()  # imports all that there are
    bodies: dict[str, type[CommandBody]] = {}
    waiting = [CommandBody]
    while waiting:
        base = waiting.pop()
        derived = base.__subclasses__()
        waiting += derived
        if not derived:  # what others derive from is no command of its own
            bodies[base.__name__] = base
    return dict(sorted(bodies.items()))


def unknown_names(rules: Iterable[Rule]) -> list[Fault]:
    """Return a fault for each command or family that rules name and no action type can issue; its path begins with the rule's number."""
    bodies = command_bodies()
    families = dict.fromkeys(body.family for body in bodies.values())
    faults = []
    for number, rule in enumerate(rules):
        if rule.command is not None and rule.command not in bodies:
            near = did_you_mean(rule.command, bodies)
            faults.append(Fault(f"[{number}].command", f"the name of a command{near}: {', '.join(bodies)}", described(rule.command)))
        if rule.family is not None and rule.family not in families:
            near = did_you_mean(rule.family, families)
            faults.append(Fault(f"[{number}].family", f"a family of commands{near}: {', '.join(families)}", described(rule.family)))
    return faults
