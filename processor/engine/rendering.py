"""What a template can do while it is rendered: the language's names and filters, and the bounds of the work that they may cost."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from liquid import Environment, RenderContext
from liquid.ast import ConditionalBlockNode, Node
from liquid.builtin.expressions import Path
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.exceptions import FilterArgumentError, LoopIterationLimitError, ResourceLimitError
from liquid.filter import liquid_filter, with_context
from liquid.undefined import UNDEFINED, is_undefined
from liquid.utils import ReadOnlyChainMap

from processor.engine import arithmetic, limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from liquid import BoundTemplate
    from liquid.expression import Expression


class Rendering(RenderContext):
    """One rendering: it knows nothing but its scope, remembers which names it did not find, and stops when its work is used up."""

    __slots__ = ("missing", "parts", "work")

    def __init__(self, template: BoundTemplate, scope: Mapping[str, Any], parts: int) -> None:
        super().__init__(template)
        self.globals = scope  # not given to the library, which would count it
        self.scope = ReadOnlyChainMap(self.locals, scope)  # without the library's own `now` and `today`, which read the clock
        self.missing: dict[str, None] = {}
        """Names, each once, in the order in which they were looked up."""
        self.parts = parts
        self.work = 0

    def ask(self, path: list[object], *, token: Any) -> object:
        """Return what a path leads to, for a condition: that there may be nothing is what it asks."""
        found = super().get(path, token=token)
        self.spend(_weight(found))
        return found

    def get(self, path: list[object], *, token: Any, default: object = UNDEFINED) -> object:
        """Return what a path leads to."""
        found = super().get(path, token=token, default=default)
        if is_undefined(found) and len(self.missing) < limits.MISSING_NAMES:
            self.missing[".".join(str(segment) for segment in path)[: limits.MISSING_NAME_CHARACTERS]] = None
        self.spend(_weight(found))
        return found

    def assign(self, key: str, val: Any) -> None:
        """Set a variable of the template's own."""
        self.spend(_weight(val))
        self.locals[key] = val

    def filter(self, name: str, token: Any) -> Callable[..., object]:
        """Return a filter that spends work on what it takes and on what it gives."""
        function = super().filter(name, token)

        def metered(value: object, *arguments: object, **options: object) -> object:
            self.spend(_cost(name, value, arguments))
            result = function(value, *arguments, **options)
            self.spend(_weight(result))
            return result

        return metered

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Note the work of a loop, before it is run: each time round, at most all of the template."""
        super().raise_for_loop_limit(length)
        self.spend(10 * length * self.parts)

    def spend(self, work: int) -> None:
        """Note work; raises ResourceLimitError when there is too much of it."""
        self.work += work
        if self.work > limits.TEMPLATE_WORK:
            raise ResourceLimitError("too much work", token=None)


class _Range(RangeLiteral):
    """A range with bounds: filters, `contains` and a loop's `offset` would walk through a longer one item by item."""

    __slots__ = ()

    def _make_range(self, start: Any, stop: Any) -> range:
        made = super()._make_range(start, stop)
        if made.stop - made.start > limits.TEMPLATE_ITERATIONS:
            raise LoopIterationLimitError(f"a range of more than {limits.TEMPLATE_ITERATIONS}", token=None)
        return made


class _Asked(Path):
    """A path in a condition."""

    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        path = [segment.evaluate(context) if isinstance(segment, Path) else segment for segment in self.path]
        assert isinstance(context, Rendering), "templates are rendered in no other context"
        return context.ask(path, token=self.token)


_CONDITIONAL: Final = (IfNode, UnlessNode, ConditionalBlockNode, CaseNode, MultiExpressionBlockNode)


def bound(template: BoundTemplate) -> int:
    """Give a template's ranges their bounds and its conditions their way to ask, and return how many nodes and expressions it has.

    Raises ValueError where it is nested so deep that rendering it could depend on the depth of Python's stack.
    """
    context = RenderContext(template)
    ahead: list[tuple[Node | Expression, int, bool]] = [(node, 1, False) for node in template.nodes]
    parts = 0
    while ahead:
        part, depth, asked = ahead.pop()
        parts += 1
        if depth > limits.TEMPLATE_DEPTH:
            raise ValueError(f"expressions within each other at most {limits.TEMPLATE_DEPTH} deep, found more")
        if isinstance(part, RangeLiteral):
            part.__class__ = _Range  # the parser offers no other place to choose the class
        if asked and isinstance(part, Path):
            part.__class__ = _Asked
        if isinstance(part, Node):
            ahead.extend((child, depth + 1, False) for child in part.children(context, include_partials=False))
            ahead.extend((expression, depth + 1, isinstance(part, _CONDITIONAL)) for expression in part.expressions())
        else:
            ahead.extend((child, depth + 1, asked) for child in part.children())
    return parts


def _weight(value: object) -> int:
    """Return what handling a value costs: a unit for each character and each item."""
    if isinstance(value, str):
        return 1 + len(value)
    if isinstance(value, list | tuple):
        return 1 + sum(1 + len(item) if isinstance(item, str) else 1 for item in value)
    return 1


_LENGTHENING: Final = frozenset({"uniq", "join", "replace"})
"""Filters that do more work than what they take and give shows."""


def _cost(name: str, value: object, arguments: tuple[object, ...]) -> int:
    """Return what a filter costs before it is applied, the length of its result included where that can be longer than what it takes."""
    cost = _weight(value) + sum(map(_weight, arguments))
    if name not in _LENGTHENING:
        return cost
    match name, value, arguments:
        case "uniq", list() | tuple(), _:  # compares each item with each
            return cost + len(value) ** 2
        case "join", list() | tuple() | range(), (str() as separator, *_):
            return cost + len(value) * len(separator)
        case "replace", str(), (str() as old, str() as new, *_):
            return cost + value.count(old) * len(new)
        case _:
            return cost


_DIRECTIVE: Final = re.compile("%.", re.DOTALL)


@with_context
@liquid_filter
def _date(value: object, form: object = "", *, context: RenderContext) -> str:
    """Format a time, by default as ISO 8601. Unlike the library's filter this never reads the clock: `now` and `today` are the event's."""
    if is_undefined(value) or value is None:
        return ""
    moment = context.resolve("now") if value in ("now", "today") else value
    try:
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment)
        elif isinstance(moment, int | Decimal):
            moment = datetime.fromtimestamp(int(moment), UTC)
    except (ValueError, OverflowError, OSError):  # no time, or none that a calendar has
        return str(value)
    if not isinstance(moment, datetime):
        raise FilterArgumentError(f"date expected a time, found {type(value).__name__}", token=None)
    wanted = "" if is_undefined(form) else str(form)
    if not wanted:
        return moment.isoformat()
    # `%s` is ours: strftime would reckon it in the time zone of the machine.
    return moment.strftime(_DIRECTIVE.sub(lambda found: str(int(moment.timestamp())) if found[0] == "%s" else found[0], wanted))


class _Environment(Environment):
    loop_iteration_limit = limits.TEMPLATE_ITERATIONS


def _environment() -> Environment:
    environment = _Environment()
    for tag in ("include", "render", "increment", "decrement", "ifchanged", "doc"):
        environment.tags.pop(tag)  # no templates to load, and nothing that counts or compares behind the author's back
    environment.filters.update(arithmetic.FILTERS, date=_date)
    return environment


ENVIRONMENT: Final = _environment()
