"""How the faults of a document are worded: where, what was expected, what was found."""

import json
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from heapq import nlargest
from itertools import islice
from operator import eq
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from processor.engine.errors import Fault

_SHOWN_CHARACTERS: Final = 60
_SHOWN_KEYS: Final = 5
_COMPARED: Final = 2000
_LIKELY: Final = 8
_SLIP: Final = 3


def below(path: str, segment: str | int) -> str:
    """Return the path of what a key or an index leads to: `questions` and 0 give `questions[0]`."""
    if isinstance(segment, int):
        return f"{path}[{segment}]"
    name = shortened(segment) if segment and segment.isprintable() else json.dumps(shortened(segment))
    return f"{path}.{name}" if path else name


def described(value: object) -> str:
    """Return what was found, short enough for a sentence."""
    match value:
        case None:
            return "nothing"
        case str():
            shown = shortened(value)
            return json.dumps(shown, ensure_ascii=not shown.isprintable())
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case Mapping():
            keys = ", ".join(shortened(str(key)) for key in list(value)[:_SHOWN_KEYS])
            return f"a mapping with {keys}{', …' if len(value) > _SHOWN_KEYS else ''}" if value else "an empty mapping"
        case list() | tuple():
            return f"a list of {len(value)}" if value else "an empty list"
        case _:
            return type(value).__name__


def shortened(text: str) -> str:
    """Return as much of a text as a sentence can hold."""
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return ` (did you mean …?)` where a known name is near, otherwise nothing."""
    if not isinstance(name, str) or not name:
        return ""
    # A document may hold a thousand slips and a thousand names: only the likeliest are compared in earnest.
    similar = (other for other in islice(known, _COMPARED) if other[:1] == name[:1] and abs(len(other) - len(name)) <= _SLIP)
    likely = nlargest(_LIKELY, similar, key=lambda other: sum(map(eq, name, other)) + sum(map(eq, reversed(name), reversed(other))))
    near = get_close_matches(name, likely, n=1)
    return f" (did you mean `{near[0]}`?)" if near else ""


def translated(error: ValidationError, model: type[BaseModel], document: object, path: str = "") -> list[Fault]:
    """Return the faults that a model found in a document which stands at a path."""
    return [_fault(details, model, document, path) for details in error.errors(include_url=False)]


def _fault(details: ErrorDetails, model: type[BaseModel], document: object, path: str) -> Fault:
    kind, context, value = details["type"], details.get("ctx", {}), details["input"]
    where = _path(details["loc"], document, path)
    if kind == "extra_forbidden":
        known = _keys_beside(model, details["loc"])
        return Fault(where, f"no such key{did_you_mean(details['loc'][-1], known)}", described(value))
    if kind == "missing":
        return Fault(where, "a value, which is required", "nothing")
    wording = _EXPECTED.get(kind)
    if wording is not None:
        return Fault(where, wording(context), described(value))
    # What our own types say has the form "what is expected, found what was found".
    expected, _, found = details["msg"].partition("\n")[0].removeprefix("Value error, ").partition(", found ")
    return Fault(where, expected, found or described(value))


def _quotes(context: Mapping[str, Any]) -> str:
    return str(context["expected"]).replace("'", "`")


_EXPECTED: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "string_type": lambda _: "text (between quotes, where it could be read as something else)",
    "int_type": lambda _: "a whole number",
    "bool_type": lambda _: "true or false",
    "list_type": lambda _: "a list",
    "dict_type": lambda _: "a mapping",
    "model_type": lambda _: "a mapping",
    "invalid_key": lambda _: "text as a key",
    "literal_error": _quotes,
    "greater_than_equal": lambda context: f"{context['ge']} or more",
    "less_than_equal": lambda context: f"{context['le']} or less",
    "too_short": lambda context: f"at least {context['min_length']} of them",
    "too_long": lambda context: f"at most {context['max_length']} of them",
    "string_too_short": lambda context: f"text of at least {context['min_length']} characters",
    "string_too_long": lambda context: f"text of at most {context['max_length']} characters",
    "string_pattern_mismatch": lambda context: f"text of the form {context['pattern']}",
}


def _path(location: Sequence[str | int], document: object, path: str) -> str:
    """Return the path in the document; a model's own marks in the location, such as the name of a union's member, are passed over."""
    inside = document
    for number, segment in enumerate(location, 1):
        match inside:
            case Mapping() if segment in inside:
                inside = inside[segment]
            case list() if isinstance(segment, int):
                inside = inside[segment]
            case Mapping() if number == len(location) and segment != "[key]":
                pass
            case _:
                continue
        path = below(path, segment)
    return path


def _keys_beside(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Return the keys that the mapping with the last segment may have."""
    models = [model]
    for segment in location[:-1]:
        fields = (found.model_fields.get(segment) for found in models if isinstance(segment, str))
        models = [inner for field in fields if field is not None for inner in _models_in(field.annotation)] or models
    return [key for found in models for key in found.model_fields]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in _models_in(part)]
