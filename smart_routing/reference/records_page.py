"""`docs/reference/records.md`: topics, and every record on them, field by field."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.codec import current_schema
from schemas.topics import COMMAND_FAMILIES, Topics, TopicSpec
from smart_routing.reference.markdown import code, page, table
from smart_routing.reference.schema_names import schema_names

_INTRODUCTION: Final = """Everything is a Kafka topic. Values are Avro in Confluent's wire format: a zero byte, the schema's id as four
bytes, the datum. Schemas and ids are those of the deployment's schema registry or, where it has none, of `schemas/released`. Keys are the
conversation's id, from which partitions follow by murmur2; in `definitions` the entity's, in `ticks` the partition's number. Times are
epoch milliseconds in UTC, amounts decimals as text, dates ISO 8601 text. The payload of the topic `state` is described in
[state.md](state.md)."""

_PARTITIONS: Final = 2
"""Any number but one, to tell what follows the deployment's from what has one partition in each."""

_DAY_MS: Final = 86_400_000
_COMMANDS: Final = "commands."

_WORDS: Final = {
    "string": "text",
    "long": "whole number",
    "int": "whole number",
    "double": "number",
    "float": "number",
    "boolean": "true or false",
    "bytes": "bytes",
    "null": "nothing",
}


def records_page() -> str:
    """Return the page."""
    schemas = [current_schema(name) for name in schema_names()]
    records = _Records()
    sections = [section for schema in schemas for section in records.sections(schema, 2)]
    contents = ", ".join(f"[{schema['name']}](#{schema['name'].lower()})" for schema in schemas)
    return page("Topics and records", _INTRODUCTION, "## Topics", _topics(), "## Records", f"{contents}.", *sections)


def _topics() -> str:
    head = ("topic", "partitions", "kept", "time", "largest record", "what it carries")
    specs = Topics(prefix="").specs(_PARTITIONS)
    rows = [_topic(spec) for spec in specs if not spec.name.startswith(_COMMANDS)]
    first = next(spec for spec in specs if spec.name.startswith(_COMMANDS))
    families = ", ".join(map(code, COMMAND_FAMILIES))
    commands = (code(f"{_COMMANDS}<family>"), *_topic(first)[1:-1], f"Requests to the connectors of one family: {families}.")
    said = f"Names begin with the deployment's prefix, {code(Topics().prefix)} where none is set. *All* partitions are as many as it has."
    return f"{said}\n\n{table(head, (*rows[:3], commands, *rows[3:]))}"


def _topic(spec: TopicSpec) -> tuple[str, ...]:
    config = spec.config
    carries = inspect.getdoc(inspect.getattr_static(Topics, spec.name.replace("-", "_"), None)) or ""
    time = "the broker's, when it logs" if config.get("message.timestamp.type") == "LogAppendTime" else "the writer's"
    largest = f"{int(config['max.message.bytes']) / 1_048_576:.0f} MiB"
    return code(spec.name), "all" if spec.partitions == _PARTITIONS else str(spec.partitions), _kept(config), time, largest, carries


def _kept(config: Mapping[str, str]) -> str:
    if config["cleanup.policy"] == "compact":
        return "the newest of each key"
    retention = int(config["retention.ms"])
    return "for good" if retention < 0 else f"{retention // _DAY_MS} days"


class _Records:
    """The sections of schemas; a record that stands in several is described where it comes first."""

    def __init__(self) -> None:
        self._described: set[str] = set()

    def sections(self, schema: Mapping[str, Any], level: int) -> Iterator[str]:
        """Give a record's section, and those of the records in it."""
        if schema["name"] in self._described:
            return
        self._described.add(schema["name"])
        rows = [(code(field["name"]), _said(field["type"]), _default(field), field.get("doc", "")) for field in schema.get("fields", ())]
        symbols = f"One of {', '.join(map(code, schema['symbols']))}." if "symbols" in schema else ""
        parts = (
            f"{'#' * (level + 1)} {schema['name']}",
            schema.get("doc", ""),
            symbols,
            table(("field", "type", "default", "meaning"), rows),
        )
        yield "\n\n".join(part for part in parts if part)
        for field in schema.get("fields", ()):
            for inner in _named(field["type"]):
                yield from self.sections(inner, 3)


def _named(kind: Any) -> Iterator[Mapping[str, Any]]:
    """Give the records and enumerations that a type is made of."""
    match kind:
        case list():
            for one in kind:
                yield from _named(one)
        case {"type": "record" | "enum"}:
            yield kind
        case {"type": "array", "items": items}:
            yield from _named(items)
        case {"type": "map", "values": values}:
            yield from _named(values)


def _said(kind: Any) -> str:
    """Return a type in words."""
    match kind:
        case str():
            name = kind.rpartition(".")[2]
            return _WORDS.get(name, f"[{name}](#{name.lower()})")
        case list():
            several = [one for one in kind if one != "null"]
            said = " or ".join(map(_said, several))
            return f"{said}, or nothing" if "null" in kind else said
        case {"type": "record" | "enum", "name": str(name)}:
            return f"[{name}](#{name.lower()})"
        case {"type": "array", "items": items}:
            return f"list of {_said(items)}"
        case {"type": "map", "values": values}:
            return f"map: name → {_said(values)}"
        case {"type": inner}:
            return _said(inner)
        case _:
            raise AssertionError(f"a type of Avro, found {kind}")


def _default(field: Mapping[str, Any]) -> str:
    if "default" not in field:
        return "**required**"
    match field["default"]:
        case None:
            return "nothing"
        case "" | [] | {}:
            return "empty"
        case bool() as truth:
            return code(str(truth).lower())
        case other:
            return code(other)
