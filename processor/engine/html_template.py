"""Templates of HTML: what is written into them from variables is text, whatever it looks like."""

from __future__ import annotations

from typing import Any, Final

from liquid import Environment
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from typing_extensions import override

from processor.engine.rendering import ENVIRONMENT, bound
from processor.engine.template import Template

UNESCAPED: Final = ("safe", "strip_html")
"""Filters that would give out what is in a variable as HTML: one says so, the other takes what looked like text for tags once more."""


def _environment() -> Environment:
    """Return the language that all templates have, but with values escaped."""
    environment = type(ENVIRONMENT)(autoescape=True)
    for tag in environment.tags.keys() - ENVIRONMENT.tags.keys():
        del environment.tags[tag]
    environment.filters.update(ENVIRONMENT.filters)
    for name in UNESCAPED:
        del environment.filters[name]
    return environment


HTML: Final = _environment()


class HtmlTemplate(Template):
    """A compiled template whose text is HTML."""

    __slots__ = ()

    def __init__(self, source: str) -> None:
        """Compile.

        Raises ValueError when the source is too long, does not parse, or names an unknown tag or filter.
        """
        super().__init__(source)
        if self.constant is not None:
            return
        self._compiled = HTML.from_string(source)
        bound(self._compiled)
        unknown = sorted(set(self._compiled.analyze(include_partials=False).filters) - set(HTML.filters))
        if unknown:
            raise ValueError(f"a filter that leaves values escaped, found {unknown[0]!r}")
        self._parts = None  # the way around the library would escape nothing

    @classmethod
    @override
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        as_source = core_schema.plain_serializer_function_ser_schema(lambda template: template.source)
        return core_schema.no_info_plain_validator_function(_validated, serialization=as_source)


def _validated(value: object) -> HtmlTemplate:
    if isinstance(value, HtmlTemplate):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("template", "text, found {found}", {"found": type(value).__name__})
    try:
        return HtmlTemplate(value)
    except ValueError as error:
        raise PydanticCustomError("template", "{problem}", {"problem": str(error)}) from error
