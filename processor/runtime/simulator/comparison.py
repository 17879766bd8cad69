"""What was expected of a turn beside what was found: nothing where it fits, else lines that show where it differs."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from processor.engine.commands import Command
from processor.engine.step import Step
from processor.runtime.simulator.author_tests import Expectation
from processor.runtime.simulator.fitting import ANY, all_fit, fits
from processor.runtime.simulator.turn import MESSAGES, Turn, fields_of, name_of

_MESSAGES = frozenset(body.__name__ for body in MESSAGES)


def differences(expected: Expectation, turn: Turn) -> list[str]:
    """Return a block of lines for each expectation that is not met."""
    return [line for compare in (_texts, _route, _outcome, _held) for line in compare(expected, turn)]


def _texts(expected: Expectation, turn: Turn) -> Iterator[str]:
    """Compare what the customer was sent and what the journal warns of."""
    if expected.messages is not None:
        yield from _lists("messages", expected.messages, turn.messages, fits, str)
    if expected.choices is not None:
        yield from _lists("choices", expected.choices, [choice.text for choice in turn.choices], fits, str)
    if expected.warnings is not None:
        yield from _lists("warnings", expected.warnings, turn.warnings, fits, str)


def _route(expected: Expectation, turn: Turn) -> Iterator[str]:
    """Compare the actions passed, their branches and reasons."""
    if expected.path is not None:
        yield from _lists("path", expected.path, turn.path, _passes, _passage)
    for action, branch in (expected.branch or {}).items():
        taken = [step for step in turn.taken if action in ("", step.action, f"{step.flow}/{step.action}")]
        if not taken or taken[-1].branch != branch:
            yield from _pair(f"branch of {action}" if action else "branch", branch, taken[-1].branch if taken else "none was taken")
    if "reason" in expected.model_fields_set:
        reason = turn.taken[-1].reason if turn.taken else None
        if not fits(expected.reason, reason):
            yield from _pair("reason", expected.reason, reason)


def _outcome(expected: Expectation, turn: Turn) -> Iterator[str]:
    """Compare the commands issued and the ending."""
    if expected.commands is not None:
        yield from _commands(expected.commands, turn.commands)
    if "ending" in expected.model_fields_set and expected.ending != turn.ending:
        yield from _pair("ending", expected.ending, turn.ending)


def _held(expected: Expectation, turn: Turn) -> Iterator[str]:
    """Compare what the variables hold."""
    for variable, fields in (expected.variables or {}).items():
        for field, value in fields.items():
            held = turn.variables.get(variable, {}).get(field)
            if not fits(value, held):
                yield from _pair(f"{variable}.{field}", value, held)


def _commands(wanted: Sequence[Any], issued: Sequence[Command]) -> list[str]:
    named = {name for item in wanted if isinstance(item, Mapping) for name in item}
    found = [command for command in issued if not isinstance(command.body, MESSAGES) or named & _MESSAGES]
    fields: dict[str, list[str]] = {}
    for item in wanted:
        for name, wanted_fields in item.items() if isinstance(item, Mapping) else ():
            fields.setdefault(name, []).extend(wanted_fields)

    def shown(command: Command) -> str:
        name, body = name_of(command), fields_of(command)
        chosen = {field: body.get(field) for field in dict.fromkeys(fields.get(name, body))}
        return _command(name, chosen)

    return _lists("commands", wanted, found, _is_command, shown)


def _is_command(wanted: Any, command: Command) -> bool:
    ((name, fields),) = wanted.items()
    return bool(name == name_of(command)) and (not fields or fits(fields, fields_of(command)))


def _command(name: str, fields: Mapping[str, Any]) -> str:
    return f"{name}: {json.dumps(fields, ensure_ascii=False)}" if fields else name


def _passes(wanted: str, step: Step) -> bool:
    action, colon, branch = wanted.rpartition(": ")
    name = action if colon else wanted
    return name in (step.action, f"{step.flow}/{step.action}") and (not colon or branch == (step.branch or ""))


def _passage(step: Step) -> str:
    return f"{step.action}: {step.branch}" if step.branch is not None else f"{step.action} (waits)" if step.wait_id else step.action


def _pair(what: str, expected: Any, found: Any) -> list[str]:
    return [f"{what}:", f"  - {_shown(expected)}", f"  + {_shown(found)}"]


def _shown(value: Any) -> str:
    return "nothing" if value in (None, "") else str(value)


def _lists(
    what: str, wanted: Sequence[Any], found: Sequence[Any], fit: Callable[[Any, Any], bool], show: Callable[[Any], str]
) -> list[str]:
    if all_fit(wanted, found, fit):
        return []
    lines = [f"{what}:"]
    for mark, text in _aligned(wanted, found, fit, show):
        first, *rest = text.splitlines() or [""]
        lines += [f"  {mark} {first}".rstrip(), *(f"    {line}".rstrip() for line in rest)]
    return lines


def _aligned(
    wanted: Sequence[Any], found: Sequence[Any], fit: Callable[[Any, Any], bool], show: Callable[[Any], str]
) -> Iterator[tuple[str, str]]:
    """Yield what fits (=), what is missing (-) and what is too much (+), with as many that fit as can be."""
    fitting = [[item != ANY and fit(item, other) for other in found] for item in wanted]
    most = [[0] * (len(found) + 1) for _ in range(len(wanted) + 1)]
    for row in range(len(wanted) - 1, -1, -1):
        for column in range(len(found) - 1, -1, -1):
            beside = max(most[row + 1][column], most[row][column + 1])
            most[row][column] = max(beside, most[row + 1][column + 1] + 1) if fitting[row][column] else beside
    row = column = 0
    while row < len(wanted) or column < len(found):
        if row < len(wanted) and column < len(found) and fitting[row][column]:
            yield "=", show(found[column])
            row, column = row + 1, column + 1
        elif row < len(wanted) and (column == len(found) or most[row + 1][column] >= most[row][column + 1]):
            yield ("=" if wanted[row] == ANY else "-"), _wanted(wanted[row])
            row += 1
        else:
            yield "+", show(found[column])
            column += 1


def _wanted(item: Any) -> str:
    if isinstance(item, Mapping):
        ((name, fields),) = item.items()
        return _command(name, fields)
    return str(item)
