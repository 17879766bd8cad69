"""Magic fields: Liquid templates (python-liquid), bounded in work and size, that look at nothing outside the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from liquid import Environment, RenderContext
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.output import OutputNode
from liquid.exceptions import FilterArgumentError, LiquidError, ResourceLimitError
from liquid.filter import liquid_filter, string_filter, with_context
from liquid.output import LimitedStringIO
from liquid.undefined import UNDEFINED, is_undefined
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from processor.engine import limits
from processor.engine.errors import TemplateFailed


class _Environment(Environment):
    loop_iteration_limit = limits.TEMPLATE_ITERATIONS
    local_namespace_limit = limits.TEMPLATE_LOCALS_BYTES
    output_stream_limit = limits.TEMPLATE_OUTPUT_BYTES


class _Context(RenderContext):
    """A render context that remembers which names it did not find."""

    __slots__ = ("missing",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.missing: list[str] = []

    def get(self, path: list[object], *, token: Any, default: object = UNDEFINED) -> object:
        found = super().get(path, token=token, default=default)
        if is_undefined(found):
            self.missing.append(".".join(str(segment) for segment in path))
        return found


@with_context
@liquid_filter
def _date(value: object, form: object, *, context: RenderContext) -> str:
    """Format a time; unlike the library's filter it never reads the clock: `now` and `today` are the event's time."""
    if is_undefined(value) or value is None:
        return ""
    moment = context.resolve("now") if value in ("now", "today") else value
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            return str(value)
    elif isinstance(moment, int):
        moment = datetime.fromtimestamp(moment, UTC)
    elif isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if not isinstance(moment, datetime):
        raise FilterArgumentError(f"date expected a time, found {type(value).__name__}", token=None)
    return moment.strftime(str(form))


@string_filter
def _replace(value: str, old: object, new: object = "") -> str:
    """Replace text within the output's bound: the result's length is known before it is made."""
    before, after = str(old), str(new)
    if len(value) + value.count(before) * (len(after) - len(before)) > limits.TEMPLATE_OUTPUT_BYTES:
        raise ResourceLimitError("replace: result too long", token=None)
    return value.replace(before, after)


def _environment() -> Environment:
    environment = _Environment(strict_filters=True)
    for tag in ("include", "render", "increment", "decrement", "ifchanged", "doc"):
        environment.tags.pop(tag)  # no templates to load, and nothing that counts or compares behind the author's back
    environment.add_filter("date", _date)
    environment.add_filter("replace", _replace)
    return environment


ENVIRONMENT: Final = _environment()

_Segments = tuple[str, str]


class Template:
    """A compiled template. Two templates with the same source are equal."""

    __slots__ = ("_fast", "_slow", "paths", "source")

    def __init__(self, source: str) -> None:
        """Compile.

        Raises ValueError when the source is too long, does not parse, or names an unknown tag or filter.
        """
        if len(source) > limits.TEMPLATE_CHARACTERS:
            raise ValueError(f"a template of at most {limits.TEMPLATE_CHARACTERS} characters, found {len(source)}")
        self.source = source
        self._fast: tuple[str | _Segments, ...] | None
        self.paths: tuple[tuple[str, ...], ...] = ()
        """The variables that it reads, as far as they can be known before: ("customer", "name")."""
        if "{{" not in source and "{%" not in source:
            self._fast = (source,)
            return
        try:
            self._slow = ENVIRONMENT.from_string(source)
            analysis = self._slow.analyze(include_partials=False)
        except (LiquidError, RecursionError) as error:
            raise ValueError(f"a Liquid template, found a fault in it: {error}") from error
        unknown = sorted(set(analysis.filters) - set(ENVIRONMENT.filters))
        if unknown:
            raise ValueError(f"a filter of standard Liquid, found {unknown[0]!r}")
        self.paths = tuple(
            sorted({tuple(str(segment) for segment in variable.segments) for uses in analysis.globals.values() for variable in uses})
        )
        self._fast = _plain(self._slow.nodes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Template({self.source!r})"

    @property
    def path(self) -> tuple[str, ...] | None:
        """The one variable that the template is nothing but, such as `{{ order.total }}`; None where it is more or less than that."""
        if self._fast is not None and len(self._fast) == 1 and not isinstance(self._fast[0], str):
            return self._fast[0]
        if self._fast is None and len(self._slow.nodes) == 1 and self.source.count("{{") == 1 and "|" not in self.source and len(self.paths) == 1:
            return self.paths[0]
        return None

    @property
    def constant(self) -> str | None:
        """The text of a template without variables; None where there are some."""
        if self._fast is not None and len(self._fast) == 1 and isinstance(self._fast[0], str):
            return self._fast[0]
        return None

    def render(self, scope: Mapping[str, Any], missing: list[str]) -> str:
        """Return the text; names that are not found render as nothing and are added to `missing`.

        Raises TemplateFailed with reason `template_limit` or `template_error`.
        """
        if self._fast is not None:
            return self._render_plain(self._fast, scope, missing)
        context = _Context(self._slow, globals=scope)
        buffer = LimitedStringIO(limit=limits.TEMPLATE_OUTPUT_BYTES)
        try:
            self._slow.render_with_context(context, buffer)
        except ResourceLimitError as error:
            raise TemplateFailed("template_limit", str(error)) from error
        except (LiquidError, ArithmeticError, InvalidOperation, ValueError, TypeError, RecursionError) as error:
            raise TemplateFailed("template_error", str(error)) from error
        missing.extend(context.missing)
        return buffer.getvalue()

    def _render_plain(self, parts: tuple[str | _Segments, ...], scope: Mapping[str, Any], missing: list[str]) -> str:
        if len(parts) == 1 and isinstance(parts[0], str):
            return parts[0]
        pieces = []
        for part in parts:
            if isinstance(part, str):
                pieces.append(part)
                continue
            fields = scope.get(part[0])
            value = fields.get(part[1]) if isinstance(fields, Mapping) else None
            if value is None:
                missing.append(".".join(part))
            else:
                pieces.append(to_text(value))
        text = "".join(pieces)
        if len(text) > limits.TEMPLATE_OUTPUT_BYTES:
            raise TemplateFailed("template_limit", "output too long")
        return text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_validated, serialization=core_schema.plain_serializer_function_ser_schema(lambda template: template.source))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"], "format": "liquid", "description": "Text with {{ variable.field }} in it."}


def to_text(value: object) -> str:
    """Return a scope's value as canonical text, as Liquid would write it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _plain(nodes: list[Any]) -> tuple[str | _Segments, ...] | None:
    """Return a template's parts where it is nothing but text and `{{ variable.field }}`: those render without the library, ten times as fast."""
    parts: list[str | _Segments] = []
    for node in nodes:
        if isinstance(node, ContentNode):
            parts.append(node.text)
        elif isinstance(node, OutputNode) and isinstance(node.expression, FilteredExpression) and not node.expression.filters:
            left = node.expression.left
            if not isinstance(left, Path) or len(left.path) != 2:
                return None
            variable, field = left.path
            if not isinstance(variable, str) or not isinstance(field, str) or field in ("first", "last", "size"):
                return None
            parts.append((variable, field))
        else:
            return None
    return tuple(parts)


def _validated(value: object) -> Template:
    if isinstance(value, Template):
        return value
    if isinstance(value, bool | int | float):
        value = to_text(value) if isinstance(value, bool) else str(value)
    if not isinstance(value, str):
        raise PydanticCustomError("template", "text, found {found}", {"found": type(value).__name__})
    try:
        return Template(value)
    except ValueError as error:
        raise PydanticCustomError("template", "{problem}", {"problem": str(error)}) from error
