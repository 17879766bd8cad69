"""Requests to a CRM, written down in the settings: placeholders stand for what a command brings."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connectors.crm.client import segment
from connectors.framework.errors import Refused

EACH: Final = "$each"
"""A member of an object in a body that says: an element for each assertion, or for each field of a new card."""

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")


def _path(text: str) -> str:
    try:
        jmespath.compile(text)
    except JMESPathError:
        raise ValueError("expected a JMESPath") from None
    return text


JmesPath = Annotated[str, AfterValidator(_path)]


def find(path: str, document: Any) -> Any:
    """Return what a JMESPath finds, None where that is nothing."""
    try:
        return jmespath.search(path, document)
    except JMESPathError:
        return None


class Template(BaseModel):
    """One request.

    `{name}` stands for a value: in the path as one segment, in the query as a part of a value, in a body as a part of a text, or, where it
    is the whole text, as the JSON value that it is. What a command brings is never a part of a query language.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["GET", "POST", "PUT", "PATCH"] = "POST"
    path: str = Field(pattern=r"^/[^?#\s]*$")
    query: Mapping[str, str] = Field(default_factory=dict)
    body: Any = None

    def named(self) -> set[str]:
        """Return the placeholders."""
        return {
            name for text in _texts([self.path, [[*pair] for pair in self.query.items()], self.body]) for name in _PLACEHOLDER.findall(text)
        }

    def filled_path(self, values: Mapping[str, Any]) -> str:
        """Return the path."""
        return _PLACEHOLDER.sub(lambda found: segment(_as_text(values, found[1])), self.path)

    def filled_query(self, values: Mapping[str, Any], each: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """Return the query; a name with a placeholder of `each` stands for one parameter for each."""
        filled = {}
        for name, text in self.query.items():
            for one in each if _has_any(name + text, {"field", "value"}) else ({},):
                both = {**values, **one}
                filled[_filled_text(name, both)] = _filled_text(text, both)
        return filled

    def filled_body(self, values: Mapping[str, Any], each: list[Mapping[str, Any]]) -> Any:
        """Return the body."""
        return _filled(self.body, values, each)


def _filled(part: Any, values: Mapping[str, Any], each: list[Mapping[str, Any]]) -> Any:
    match part:
        case str():
            whole = _PLACEHOLDER.fullmatch(part)
            return _value(values, whole[1]) if whole else _filled_text(part, values)
        case {"$each": one, **rest} if not rest:
            return [_filled(one, {**values, **item}, each) for item in each]
        case dict():
            return {_filled_text(name, values): _filled(inner, values, each) for name, inner in part.items()}
        case list():
            return [_filled(inner, values, each) for inner in part]
        case _:
            return part


def _filled_text(text: str, values: Mapping[str, Any]) -> str:
    return _PLACEHOLDER.sub(lambda found: _as_text(values, found[1]), text)


def _as_text(values: Mapping[str, Any], name: str) -> str:
    value = _value(values, name)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _value(values: Mapping[str, Any], name: str) -> Any:
    if name not in values:
        raise Refused("refused", f"The request to the CRM needs {{{name}}}, which this command does not bring.")
    return values[name]


def _has_any(text: str, names: set[str]) -> bool:
    return bool(names & set(_PLACEHOLDER.findall(text)))


def _texts(part: Any) -> Iterable[str]:
    match part:
        case str():
            yield part
        case dict():
            for name, inner in part.items():
                yield from (str(name), *_texts(inner))
        case list():
            for inner in part:
                yield from _texts(inner)
