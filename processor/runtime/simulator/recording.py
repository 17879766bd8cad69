"""A conversation that was tried becomes a test: what happened, with what followed as expectations."""

import contextlib
import os.path
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from processor.engine.errors import DocumentRefused
from processor.engine.interaction import Variables
from processor.engine.step import Step
from processor.flow.document import load
from processor.runtime.simulator.fitting import by_name, exactly
from processor.runtime.simulator.turn import MESSAGES, Turn, fields_of, name_of

_WIDTH: Final = 140


def expectations(turn: Turn, flow: str) -> dict[str, Any]:
    """Return what a turn led to as a test would expect it; actions of another flow than the one named are written with theirs."""
    expected: dict[str, Any] = {"messages": [exactly(text) for text in turn.messages]}
    if turn.choices:
        expected["choices"] = [exactly(choice.text) for choice in turn.choices]
    if turn.path:
        expected["path"] = [_passage(step, flow) for step in turn.path]
    commands = [command for command in turn.commands if not isinstance(command.body, MESSAGES)]
    if commands:
        expected["commands"] = [{name_of(command): _literal(compact(fields_of(command)))} for command in commands]
    changed = _changed(turn.before, turn.variables)
    if changed:
        expected["variables"] = changed
    if turn.ending is not None:
        expected["ending"] = turn.ending
    if turn.warnings:
        expected["warnings"] = [exactly(warning) for warning in turn.warnings]
    return expected


def conversation(sentence: str, situation: Mapping[str, Any], done: Iterable[tuple[Mapping[str, Any], Turn]], flow: str) -> dict[str, Any]:
    """Return a conversation as a test file holds it: the situation in which it began, and each happening with what followed."""
    turns = [{**happening, **expectations(turn, flow)} for happening, turn in done]
    return {"conversation": sentence, **situation, "turns": turns}


def new_file(head: Mapping[str, Any], talk: Mapping[str, Any]) -> str:
    """Return a test file with one conversation."""
    return f"{_yaml({'kind': 'test', **head})}\nconversations:\n{_item(talk, '  ')}"


def appended(text: str, talk: Mapping[str, Any]) -> str:
    """Return a test file with one more conversation, all else as it was written.

    Raises ValueError where its conversations are not the last thing in it, each on lines of its own.
    """
    document = load(text)
    begun = re.search(r"^conversations:[ \t]*(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*([ \t]*)- ", text, re.MULTILINE)
    if begun is not None:
        longer = f"{text.rstrip()}\n\n{_item(talk, begun[1])}"
        with contextlib.suppress(DocumentRefused):  # what comes after the conversations, for instance
            if load(longer) == {**document, "conversations": [*document["conversations"], load(_yaml(talk))]}:
                return longer
    raise ValueError("`conversations` as the last key of the file, each on lines of its own, found something else")


def _item(talk: Mapping[str, Any], indent: str) -> str:
    lines = _yaml(talk).splitlines()
    return "".join(f"{indent}{'- ' if number == 0 else '  '}{line}".rstrip() + "\n" for number, line in enumerate(lines))


class _Dumper(yaml.SafeDumper):
    """Writes lists one step further in than the key before them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _yaml(document: Mapping[str, Any]) -> str:
    written: str = yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return written


def _passage(step: Step, flow: str) -> str | dict[str, str]:
    action = step.action if step.flow == flow else f"{step.flow}/{step.action}"
    return action if step.branch is None else {action: step.branch}


def _changed(before: Variables, after: Variables) -> dict[str, dict[str, str | None]]:
    changed: dict[str, dict[str, str | None]] = {}
    for variable in dict.fromkeys((*after, *before)):
        old, new = before.get(variable, {}), after.get(variable, {})
        fields = {
            name: exactly(new[name]) if name in new else None for name in dict.fromkeys((*new, *old)) if old.get(name) != new.get(name)
        }
        if fields:
            changed[variable] = fields
    return changed


def compact(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a command's fields as a test would write them: those that hold something, named values as mappings."""
    return {name: _named(value) for name, value in fields.items() if value not in (None, "", [], {}, ())}


def _named(value: Any) -> Any:
    named = by_name(value)
    shorter = named is not None and len(named) == len(value) and not any(isinstance(inner, Mapping) for inner in named.values())
    return named if shorter else value


def _literal(value: Any) -> Any:
    """Return plain values with texts that fit only themselves."""
    match value:
        case str():
            return exactly(value)
        case Mapping():
            return {name: _literal(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_literal(inner) for inner in value]
        case _:
            return value


def relative(path: Path, folder: Path) -> str:
    """Return where a path is from a folder, with `/` between its parts."""
    return Path(os.path.relpath(path, folder)).as_posix()
