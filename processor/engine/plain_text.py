"""Text that a document may also write as a whole number or a truth value: `42` and `"42"` are the same."""

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


PlainText = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "integer", "boolean"]})]
"""A text of a definition; no template."""
