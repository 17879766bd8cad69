"""Fields of documents as rows of a table, their types in an author's words; from the JSON Schema of the models that read them."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from pydantic import BaseModel

from processor.engine.parameters import EntityReference
from smart_routing.reference.markdown import code, table

Schema = Mapping[str, Any]

Row = tuple[str, str, str, str]

HEAD: Final = ("field", "type", "default", "meaning")

_FORMS: Final = {
    r"^[^\x00-\x1f\x7f]+$": "",
    r"^[^\x00-\x1f\x7f-\x9f]*$": "",
    r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]{0,126}[^\s\x00-\x1f\x7f-\x9f])?$": "1–128 characters",
    r"^[^#\x00-\x1f]*$": "without `#`",
    r"^[A-Z]{2}$": "two capital letters",
    r"^https?://": "beginning with `http://` or `https://`",
    r"^https://\S+$": "beginning with `https://`",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$": "such as `09:00-17:30`",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "such as `2026-12-24`",
    r"^[A-Za-z_][A-Za-z0-9_-]*$": "letters, digits, `_` and `-`, not beginning with a digit",
    r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$": "at most 64 letters, digits, `_` and `-`, not beginning with a digit",
    r"^[A-Za-z][A-Za-z0-9_-]{0,63}$": "at most 64 letters, digits, `_` and `-`, beginning with a letter",
    r"^[^@\s]+@[^@\s]+$": "an e-mail address",
}
"""Patterns in words. Another one is shown as it is."""


def fields_of(model: type[BaseModel], *, leave_out: frozenset[str] = frozenset(), definitions: str = "") -> str:
    """Return the table of a model's fields; those of groups follow theirs.

    Args:
        model: what reads the document.
        leave_out: fields that are described elsewhere.
        definitions: path of the page that describes what references lead to.
    """
    schema = model.model_json_schema()
    return table(HEAD, _folded(_Rows(schema.get("$defs", {}), definitions).of(schema, "", leave_out)))


def _folded(rows: Iterable[Row]) -> Iterator[Row]:
    """Give rows that differ in nothing but the numbers in their names as one."""
    for _, alike in groupby(rows, key=lambda row: (re.sub(r"[0-9]+", "#", row[0]), row[1:])):
        first, *others = alike
        yield (f"{first[0]} … {others[-1][0]}", *first[1:]) if others else first


class _Rows:
    """The rows of one model, with the groups that it is made of."""

    def __init__(self, groups: Mapping[str, Schema], definitions: str) -> None:
        self._groups = groups
        self._definitions = definitions
        self._kinds = {reference.__name__: reference.kind for reference in _references(EntityReference)}

    def of(self, schema: Schema, prefix: str, leave_out: frozenset[str] = frozenset()) -> Iterator[Row]:
        """Give a row for each field, and below it the rows of its group."""
        required = schema.get("required", ())
        for name, field in schema.get("properties", {}).items():
            if name in leave_out:
                continue
            default = "**required**" if name in required else _default(field)
            group = self._group(field)
            meaning = field.get("description") or (group[1].get("description", "") if group else self._meaning(field))
            yield code(f"{prefix}{name}"), self._said(field), default, meaning
            if group:
                yield from self.of(group[1], f"{prefix}{name}{group[0]}.")

    def _group(self, field: Schema) -> tuple[str, Schema] | None:
        """Return the group of fields that a field holds, and how its path goes on: `[]` in a list, `.*` by name."""
        for one in _alternatives(field):
            if one.get("type") == "array":
                inner, step = one["items"], "[]"
            elif one.get("type") == "object":
                inner, step = next(iter(one.get("patternProperties", {}).values()), one.get("additionalProperties")), ".*"
            else:
                inner, step = one, ""
            name = _name(inner)
            if name in self._groups and name not in self._kinds:
                return step, self._groups[name]
        return None

    def _meaning(self, field: Schema) -> str:
        """Return what a reference says of itself."""
        names = [name for one in _alternatives(field) if (name := _name(one)) in self._kinds]
        return str(self._groups[names[0]].get("description", "")) if names else ""

    def _said(self, field: Schema, *, many: bool = False) -> str:
        """Return a type in words."""
        kinds = _alternatives(field)
        listed = [value for one in kinds for value in one.get("enum", [one["const"]] if "const" in one else [])]
        said = [*map(code, listed), *(self._word(one, many=many) for one in kinds if "enum" not in one and "const" not in one)]
        if len(listed) > 1:
            return f"{'' if many else 'one of '}{', '.join(said)}"
        return " or ".join(said)

    def _word(self, field: Schema, *, many: bool) -> str:
        name = _name(field)
        if name in self._kinds:
            kind = self._kinds[name]
            place = f"{self._definitions}#{kind}"
            return f"[{kind}]({place}){'s' if many else ''}, by `id` or `reference`"
        if name in self._groups:
            return "groups" if many else "group"
        if field.get("format") == "liquid":
            return "templates" if many else "template"
        match field.get("type"):
            case "boolean":
                return "true or false"
            case "integer":
                return f"whole number{'s' if many else ''}{_range(field, 'minimum', 'maximum')}"
            case "number":
                return f"number{'s' if many else ''}{_range(field, 'minimum', 'maximum')}"
            case "string":
                return f"text{'s' if many else ''}{_form(field)}"
            case "array":
                bounds = _range(field, "minItems", "maxItems")
                return f"list{'s' if many else ''} of{bounds} {self._said(field['items'], many=True)}"
            case "object":
                return self._map(field)
            case _:
                return "anything"

    def _map(self, field: Schema) -> str:
        inner = next(iter(field.get("patternProperties", {}).values()), field.get("additionalProperties"))
        keys = "".join(_form({"pattern": pattern}) for pattern in field.get("patternProperties", {}))
        many = _range(field, "minProperties", "maxProperties")
        return f"map{many and f' of{many}'}: name{keys} → {self._said(inner) if isinstance(inner, dict) and inner else 'anything'}"


def _references(root: type[EntityReference]) -> Iterator[type[EntityReference]]:
    for reference in root.__subclasses__():
        if hasattr(reference, "kind"):
            yield reference
        yield from _references(reference)


def _alternatives(field: Any) -> list[Schema]:
    """Return what a field may be beside nothing."""
    return [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]


def _name(field: Any) -> str:
    return field.get("$ref", "").rpartition("/")[2] if isinstance(field, dict) else ""


def _range(field: Schema, least: str, most: str) -> str:
    low, high = field.get(least), field.get(most)
    if low is not None and high is not None:
        return f" {low:,}–{high:,}" if low != high else f" {low:,}"
    if low is not None:
        return f" {low:,} or more"
    return f" at most {high:,}" if high is not None else ""


def _form(field: Schema) -> str:
    length = _range(field, "minLength", "maxLength")
    pattern = field.get("pattern", "")
    said = _FORMS.get(pattern, f"of the form {code(pattern)}") if pattern else ""
    return f"{f' of{length} characters' if length else ''}{f' ({said})' if said else ''}"


def _default(field: Schema) -> str:
    match field.get("default"):
        case None:
            return "empty" if field.get("type") in ("array", "object") else "—"
        case "" | [] | {}:
            return "empty"
        case bool() | int() | float() | list() | dict() as value:
            return code(json.dumps(value))
        case value:
            return code(value)
