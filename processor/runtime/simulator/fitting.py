"""Whether what is found fits what was written of it: in rules of scripts, in expectations of tests.

A text fits one that is the same but for spaces around it. `~ words` asks for the words to be contained, `/pattern/` for the regular
expression to be found. Of a mapping the keys named are compared; a list of named values may be written as a mapping.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import re2

ANY: Final = "..."
"""Stands for any number of items of a list."""

_NAMES: Final = ("name", "field", "column", "key", "id")
_VALUES: Final = ("value", "text")
_PATTERN_BYTES: Final = 1 << 20


def fits(wanted: Any, found: Any) -> bool:
    """Tell whether a found value fits the wanted one."""
    match wanted:
        case Mapping():
            named = found if isinstance(found, Mapping) else by_name(found)
            return named is not None and all(fits(value, named.get(key)) for key, value in wanted.items())
        case list() | tuple():
            return isinstance(found, Sequence) and not isinstance(found, str) and all_fit(wanted, found)
        case None | "":
            return found in (None, "", (), [], {})
        case _:
            return not isinstance(found, (Mapping, list, tuple)) and found is not None and _text_fits(as_text(wanted), as_text(found))


def all_fit(wanted: Sequence[Any], found: Sequence[Any], fit: Callable[[Any, Any], bool] = fits) -> bool:
    """Tell whether the items found fit the wanted ones, in order; `...` stands for any number of them."""
    if ANY not in wanted:
        return len(wanted) == len(found) and all(map(fit, wanted, found))
    # Places in `wanted` that can have been reached, so that many `...` cost no more than few.
    reached = _skipped(wanted, {0})
    for item in found:
        inside = [place for place in reached if place < len(wanted)]
        there = {place for place in inside if wanted[place] == ANY}
        there |= {place + 1 for place in inside if wanted[place] != ANY and fit(wanted[place], item)}
        reached = _skipped(wanted, there)
    return len(wanted) in reached


def as_text(value: Any) -> str:
    """Return a plain value as it is written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def exactly(text: str) -> str:
    """Return what fits a text and no other, where the text by itself would be read as a pattern."""
    stripped = text.strip()
    if stripped == ANY or stripped.startswith("~") or _inner_pattern(stripped) is not None:
        return f"/^{re2.escape(stripped)}$/"
    return text


def pattern(written: str) -> Any:
    """Return a compiled regular expression, which runs in linear time. Raises ValueError."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _PATTERN_BYTES
    try:
        return re2.compile(written, options)
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace")  # bytes, as RE2 says it
        raise ValueError(f"a regular expression of RE2 between the slashes, found {said}") from error


def check_patterns(wanted: Any) -> None:
    """Look for regular expressions that do not compile. Raises ValueError."""
    match wanted:
        case Mapping():
            for value in wanted.values():
                check_patterns(value)
        case list() | tuple():
            for value in wanted:
                check_patterns(value)
        case str() if (inner := _inner_pattern(wanted)) is not None:
            pattern(inner)


def _skipped(wanted: Sequence[Any], reached: set[int]) -> set[int]:
    """Return the places, with those behind each `...` that may stand for nothing more."""
    beyond = set(reached)
    for place in range(len(wanted)):
        if place in beyond and wanted[place] == ANY:
            beyond.add(place + 1)
    return beyond


def by_name(found: Any) -> dict[str, Any] | None:
    """Return a list of named values as a mapping, where it is one."""
    if not isinstance(found, (list, tuple)) or not all(isinstance(item, Mapping) for item in found):
        return None
    named: dict[str, Any] = {}
    for item in found:
        name = next((item[key] for key in _NAMES if key in item), None)
        if name is None:
            return None
        named[str(name)] = next((item[key] for key in _VALUES if key in item), item)
    return named


def _text_fits(wanted: str, found: str) -> bool:
    inner = _inner_pattern(wanted)
    if inner is not None:
        return _compiled(inner).search(found) is not None
    stripped = wanted.strip()
    if stripped.startswith("~"):
        return stripped[1:].strip() in found
    return stripped == found.strip()


def _inner_pattern(wanted: str) -> str | None:
    stripped = wanted.strip()
    return stripped[1:-1] if len(stripped) > 2 and stripped.startswith("/") and stripped.endswith("/") else None


_compiled = lru_cache(maxsize=1024)(pattern)
