"""Magic fields: Liquid templates (python-liquid), bounded in work and size, that look at nothing outside the log."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import Any

from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.output import OutputNode
from liquid.exceptions import LiquidError, LiquidInterrupt, ResourceLimitError
from liquid.output import LimitedStringIO
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from processor.engine import limits
from processor.engine.errors import TemplateFailed
from processor.engine.rendering import ENVIRONMENT, Rendering, bound
from processor.engine.values import to_text

_Part = str | tuple[str] | tuple[str, str]
"""Text, or a name alone, such as `now`, or variable and field."""


class Names(Mapping[str, Any]):
    """What the names in a template stand for; text that is kept as such is not made a value first, only to be written again."""

    @abstractmethod
    def text(self, variable: str, field: str | None = None) -> str | None:
        """Return what a name alone stands for, or a field of it, as a template writes it; None where there is none."""


class Template:
    """A compiled template. Two templates with the same source are equal."""

    __slots__ = ("_compiled", "_parts", "_size", "path", "paths", "source")

    def __init__(self, source: str) -> None:
        """Compile.

        Raises ValueError when the source is too long, does not parse, or names an unknown tag or filter.
        """
        if len(source) > limits.TEMPLATE_CHARACTERS:
            raise ValueError(f"a template of at most {limits.TEMPLATE_CHARACTERS} characters, found {len(source)}")
        self.source = source
        self._parts: tuple[_Part, ...] | None = (source,)
        self.paths: tuple[tuple[str, ...], ...] = ()
        """The variables that it reads, as far as they can be known before: ("customer", "name")."""
        self.path: tuple[str, ...] | None = None
        """The one variable that the template is nothing but, such as `{{ order.total }}`, spaces aside; None where it is more or less."""
        if "{{" not in source and "{%" not in source:
            return
        try:
            self._compiled = ENVIRONMENT.from_string(source)
            self._size = bound(self._compiled)
            analysis = self._compiled.analyze(include_partials=False)
        except (LiquidError, RecursionError) as error:
            raise ValueError(f"a Liquid template, found a fault in it: {_said(error)}") from error
        unknown = sorted(set(analysis.filters) - set(ENVIRONMENT.filters))
        if unknown:
            raise ValueError(f"a filter of standard Liquid, found {unknown[0]!r}")
        self.paths = tuple(
            sorted({tuple(str(segment) for segment in variable.segments) for uses in analysis.globals.values() for variable in uses})
        )
        self._parts = _plain(self._compiled.nodes)
        said = [node for node in self._compiled.nodes if not isinstance(node, ContentNode) or node.text.strip()]
        self.path = _path(said[0]) if len(said) == 1 else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Template({self.source!r})"

    @property
    def constant(self) -> str | None:
        """The text of a template without variables; None where there are some."""
        if self._parts is not None and len(self._parts) == 1 and isinstance(self._parts[0], str):
            return self._parts[0]
        return None

    def render(self, scope: Mapping[str, Any], missing: list[str]) -> str:
        """Return the text; names that are not found render as nothing and are added to `missing`, each once.

        Raises TemplateFailed with reason `template_limit` or `template_error`.
        """
        if self._parts is not None:
            return self._render_plain(self._parts, scope, missing)
        context = Rendering(self._compiled, scope, self._size)
        buffer = LimitedStringIO(limit=limits.TEMPLATE_OUTPUT_BYTES, newline="")  # line breaks stay as they were written
        try:
            for node in self._compiled.nodes:  # what the library does around this is for templates within templates
                node.render(context, buffer)
        except ResourceLimitError as error:
            raise TemplateFailed("template_limit", _said(error)) from error
        except LiquidInterrupt as error:
            raise TemplateFailed("template_error", f"{error} outside of a loop") from error
        except (LiquidError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            # The library's filters let through what Python raises for values that they did not expect.
            raise TemplateFailed("template_error", _said(error)) from error
        missing.extend(context.missing)
        return buffer.getvalue()

    def _render_plain(self, parts: tuple[_Part, ...], scope: Mapping[str, Any], missing: list[str]) -> str:
        if len(parts) == 1 and isinstance(parts[0], str):
            return parts[0]
        text_of = scope.text if isinstance(scope, Names) else partial(text_in, scope)
        pieces = []
        for part in parts:
            if isinstance(part, str):
                pieces.append(part)
            elif (value := text_of(*part)) is not None:
                pieces.append(value)
            elif (name := ".".join(part)) not in missing:
                missing.append(name)
        text = "".join(pieces)
        if len(text) * 4 > limits.TEMPLATE_OUTPUT_BYTES and len(text.encode()) > limits.TEMPLATE_OUTPUT_BYTES:
            raise TemplateFailed("template_limit", "output too long")
        return text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        as_source = core_schema.plain_serializer_function_ser_schema(lambda template: template.source)
        return core_schema.no_info_plain_validator_function(_validated, serialization=as_source)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"], "format": "liquid", "description": "Text with {{ variable.field }} in it."}


def text_in(scope: Mapping[str, Any], variable: str, field: str | None = None) -> str | None:
    """Return what a name in a scope stands for, or a field of it, as a template writes it; None where there is none."""
    value = scope.get(variable)
    if field is not None:
        value = value.get(field) if isinstance(value, Mapping) else None
    return value if value is None or isinstance(value, str) else to_text(value)


def _said(error: Exception) -> str:
    """Return what the library says of an error, without the excerpt of the source that it puts below it.

    What Python says is left out: its words change from version to version, and the journal keeps these.
    """
    if not isinstance(error, LiquidError):
        return type(error).__name__
    if isinstance(error.__cause__, TypeError):
        return f"{error.token.value if error.token is not None else 'a filter'}: values that it does not take"
    return str(error.message).partition("\n")[0]


def _path(node: Node) -> tuple[str, ...] | None:
    """Return the path of a node that is nothing but one, such as `{{ variable.field }}`."""
    if not isinstance(node, OutputNode) or not isinstance(node.expression, FilteredExpression) or node.expression.filters:
        return None
    variable = node.expression.left
    if not isinstance(variable, Path):
        return None
    path = tuple(segment for segment in variable.path if isinstance(segment, str))
    return path if len(path) == len(variable.path) else None


def _plain(nodes: list[Node]) -> tuple[_Part, ...] | None:
    """Return the parts of a template that is only text, `{{ now }}` and `{{ variable.field }}`: the library is not needed to render it."""
    parts: list[_Part] = []
    for node in nodes:
        path = _path(node)
        if isinstance(node, ContentNode):
            parts.append(node.text)
        elif path is not None and len(path) == 1:
            parts.append((path[0],))
        elif path is not None and len(path) == 2 and path[1] not in ("first", "last", "size"):
            parts.append((path[0], path[1]))
        else:
            return None
    return tuple(parts)


def _validated(value: object) -> Template:
    if isinstance(value, Template):
        return value
    if isinstance(value, bool | int | float):
        value = to_text(value)
    if not isinstance(value, str):
        raise PydanticCustomError("template", "text, found {found}", {"found": type(value).__name__})
    try:
        return Template(value)
    except ValueError as error:
        raise PydanticCustomError("template", "{problem}", {"problem": str(error)}) from error
