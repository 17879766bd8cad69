"""Where in a document's text a path leads: `actions.ask.links.error` to line and column.

Documents are read without their places, because nearly all of them are sound; only when there is something to tell is the text read again.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from msgspec.structs import replace

from processor.engine.errors import DocumentRefused
from processor.flow.document import decoded, is_json
from processor.flow.faults import below
from processor.flow.finding import Finding
from processor.flow.plain_yaml import events

Place = tuple[int, int]
"""Line and column, both from 1; a column counts characters."""

_SAID: Final = re.compile(r"line ([0-9]+), column ([0-9]+)")
"""The path of a fault that the parser found: it knew only the place."""

_JSON_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]|[^\s\[\]{}:,"]+')


def placed(found: Iterable[tuple[str, Finding]], texts: Mapping[str, str | bytes]) -> list[tuple[str, Finding]]:
    """Return findings, each with the name of its file, with line and column in the files' texts."""
    known: dict[str, Positions] = {}
    result = []
    for name, finding in found:
        said = _SAID.fullmatch(finding.path)
        if said is not None:
            result.append((name, replace(finding, path="", line=int(said[1]), column=int(said[2]))))
            continue
        if finding.path and name not in known:
            known[name] = Positions(texts[name])
        line, column = known[name].of(finding.path) if finding.path else (1, 1)
        result.append((name, replace(finding, line=line, column=column)))
    return result


@dataclass(slots=True)
class _Node:
    """A value in the text. What an alias stands for has the alias's place and the children of what it names."""

    place: Place
    children: dict[str, "_Node"] = field(default_factory=dict)
    """Last segment of the path → the place where its key or its item begins."""


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    node: _Node
    is_mapping: bool
    anchor: str | None = None
    key: tuple[str, Place] | None = None


class Positions:
    """The places of a document's values."""

    def __init__(self, text: str | bytes) -> None:
        """Read the places; a text that is no document has only its beginning."""
        self._root = _Node((1, 1))
        self._open: list[_Open] = []
        self._anchors: dict[str, _Node] = {}
        try:
            written = decoded(text)
            if is_json(written):
                self._read_json(written)
            else:
                self._read_yaml(written)
        except DocumentRefused:
            pass  # what could be read until then is there

    def of(self, path: str) -> Place:
        """Return where a path leads: to its key or item, or as far towards it as the document goes."""
        node, rest = self._root, path
        while rest:
            for end in _ends(rest):
                child = node.children.get(rest[:end])
                if child is not None:
                    node, rest = child, rest[end:].removeprefix(".")
                    break
            else:
                break
        return node.place

    def _read_yaml(self, text: str) -> None:
        for event in events(text):
            match event:
                case yaml.ScalarEvent():
                    self._scalar(event.value, _place(event), event.anchor)
                case yaml.AliasEvent():
                    named = self._anchors.get(str(event.anchor))
                    self._add(_Node(_place(event), named.children if named is not None else {}), None)
                case yaml.CollectionStartEvent():
                    self._begin(_place(event), is_mapping=isinstance(event, yaml.MappingStartEvent), anchor=event.anchor)
                case yaml.CollectionEndEvent():
                    self._end()

    def _read_json(self, text: str) -> None:
        lines = [0, *(match.end() for match in re.finditer("\n", text))]
        for token in _JSON_TOKEN.finditer(text):
            line = bisect_right(lines, token.start())
            place = (line, token.start() - lines[line - 1] + 1)
            match token.group():
                case "{" | "[" as opened:
                    self._begin(place, is_mapping=opened == "{")
                case "}" | "]":
                    self._end()
                case written:
                    self._scalar(str(json.loads(written)) if written.startswith('"') else written, place)

    def _scalar(self, written: str, place: Place, anchor: str | None = None) -> None:
        inside = self._open[-1] if self._open else None
        if inside is not None and inside.is_mapping and inside.key is None:
            inside.key = (below("", written), place)
        else:
            self._add(_Node(place), anchor)

    def _begin(self, place: Place, *, is_mapping: bool, anchor: str | None = None) -> None:
        node = _Node(place)
        self._add(node, None)
        self._open.append(_Open(node, is_mapping, anchor))

    def _end(self) -> None:
        closed = self._open.pop()
        if closed.anchor is not None:
            self._anchors[closed.anchor] = closed.node

    def _add(self, node: _Node, anchor: str | None) -> None:
        """Put a value where it belongs. Of a key that comes twice the last one counts, as in what is read."""
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self._root.children = node.children
            return
        inside = self._open[-1]
        if not inside.is_mapping:
            inside.node.children[below("", len(inside.node.children))] = node
        elif inside.key is not None:
            segment, node.place = inside.key
            inside.node.children[segment] = node
            inside.key = None


def _ends(path: str) -> Iterator[int]:
    """Give where the first segment of a path may end; a key may hold dots and brackets of its own."""
    yield from (match.start() for match in re.finditer(r"(?!^)[.\[]", path))
    yield len(path)


def _place(event: yaml.Event) -> Place:
    mark: Any = event.start_mark
    return mark.line + 1, mark.column + 1
