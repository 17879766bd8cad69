"""YAML without its surprises, read from the parser's events.

Only `true` and `false` are truth values, only plain decimal digits are numbers, nothing is a date, no tag makes an object, and `yes`,
`off`, `0644`, `12:30`, `1.10` and `+33…` are the texts that they look like.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from processor.engine.errors import DocumentRefused, Fault
from processor.flow.faults import shortened

# The parser of libyaml, which the wheels carry, is ten times as fast as the one written in Python; both give the same events.
_PARSER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Numbers that are the same number again when written: no leading zeros, no sign that gets lost, no more digits than 64 bits hold.
_WHOLE_NUMBER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_WORDS: Final = {"": None, "~": None, "null": None, "true": True, "false": False}


class Pairs(list[tuple[str, Any]]):
    """The keys and values of a mapping as they were written, before it is known whether a key comes twice."""


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    items: Pairs | list[Any]
    key: str | None = None
    anchor: str | None = None


@dataclass(slots=True)
class _Tree:
    """What has been read so far."""

    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, Any] = field(default_factory=dict)
    documents: list[Any] = field(default_factory=list)


def read(text: str, max_depth: int) -> Any:
    """Return the one document in a text: `Pairs`, lists, text, whole numbers, truth values and None. Aliases share their value.

    Raises DocumentRefused where the text is no YAML, has more than `max_depth` lists and mappings within each other, or uses what could
    surprise: tags, keys that are no text, an anchor within itself.
    """
    tree = _Tree()
    for event in events(text):
        _take(tree, event)
        if len(tree.open) > max_depth:
            raise DocumentRefused([too_deep(_place(event.start_mark), max_depth)])
        if len(tree.documents) > 1:
            raise DocumentRefused([Fault(_place(event.start_mark), "one YAML document", "another")])
    if not tree.documents:
        raise DocumentRefused([Fault("", "one YAML document", "nothing")])
    return tree.documents[0]


def too_deep(path: str, max_depth: int) -> Fault:
    """Return the fault of a document that is nested too deeply."""
    return Fault(path, f"at most {max_depth} lists and mappings within each other", "more")


def number_or_text(written: str) -> int | str:
    """Return a number where writing it again gives the same text, otherwise the text."""
    return int(written) if _WHOLE_NUMBER.fullmatch(written) else written


def events(text: str) -> Iterator[yaml.Event]:
    """Give the parser's events.

    Raises DocumentRefused where the text is no YAML.
    """
    try:
        yield from yaml.parse(text, Loader=_PARSER)
    except yaml.MarkedYAMLError as error:
        raise DocumentRefused([Fault(_place(error.problem_mark), "YAML", f"a fault in it: {error.problem}")]) from error
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position].decode("utf-8", "ignore")
        raise DocumentRefused(
            [Fault(place_after(before), "YAML", f"a character that it does not allow: {error.character:#06x}")]
        ) from error


def _take(tree: _Tree, event: yaml.Event) -> None:
    match event:
        case yaml.ScalarEvent():
            _plain(event)
            # A plain scalar is what it looks like, one between quotes or in a block is text.
            _add(tree, event, _number_or_word(event.value) if event.implicit[0] else event.value, event.value)
        case yaml.MappingStartEvent():
            _open(tree, event, Pairs())
        case yaml.SequenceStartEvent():
            _open(tree, event, [])
        case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
            closed = tree.open.pop()
            if closed.anchor is not None:
                tree.anchors[closed.anchor] = closed.items
        case yaml.AliasEvent():
            _add(tree, event, _aliased(tree, event))
        case _:
            pass  # where streams and documents begin and end


def _number_or_word(written: str) -> int | str | bool | None:
    """Return what a plain scalar stands for."""
    return _WORDS[written] if written in _WORDS else number_or_text(written)


def _open(tree: _Tree, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, items: Pairs | list[Any]) -> None:
    _plain(event)
    anchor = event.anchor
    _add(tree, event, items)
    if anchor is not None:
        tree.anchors.pop(anchor, None)  # until its end it cannot be named
    tree.open.append(_Open(items, anchor=anchor))


def _add(tree: _Tree, event: yaml.NodeEvent, value: Any, written: str | None = None) -> None:
    """Put a value where it belongs; in a mapping every other one is a key, and a key is the text that was written."""
    if written is not None and event.anchor is not None:
        tree.anchors[event.anchor] = value
    if not tree.open:
        tree.documents.append(value)
        return
    inside = tree.open[-1]
    if not isinstance(inside.items, Pairs):
        inside.items.append(value)
    elif inside.key is not None:
        inside.items.append((inside.key, value))
        inside.key = None
    elif written is None:
        raise DocumentRefused([Fault(_place(event.start_mark), "text as a key", "an alias, a list or a mapping")])
    else:
        inside.key = written


def _aliased(tree: _Tree, event: yaml.AliasEvent) -> Any:
    if event.anchor in tree.anchors:
        return tree.anchors[event.anchor]
    if any(outer.anchor == event.anchor for outer in tree.open):
        raise DocumentRefused(
            [Fault(_place(event.start_mark), "an alias of something complete", f"`*{event.anchor}` within what it names")]
        )
    raise DocumentRefused([Fault(_place(event.start_mark), f"an anchor `&{event.anchor}` before its alias", "none")])


def _plain(event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
    if event.tag is not None:
        raise DocumentRefused(
            [Fault(_place(event.start_mark), "a value without a tag (text goes between quotes)", f"the tag {shortened(event.tag)}")]
        )


def place_after(text: str) -> str:
    """Return the place that follows a text."""
    return f"line {text.count(chr(10)) + 1}, column {len(text) - text.rfind(chr(10))}"


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"
