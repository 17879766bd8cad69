"""JSON that others answer."""

import json
from collections.abc import Mapping
from typing import Any


def json_of(content: bytes | None) -> Any:
    """Return what a body says; None where it is no JSON, or is nested deeper than can be read."""
    try:
        return json.loads(content or b"")
    except (ValueError, RecursionError):  # bytes that are no UTF-8 as well
        return None


def object_of(content: bytes | None) -> Mapping[str, Any]:
    """Return the object that a body holds; an empty one where it holds something else."""
    found = json_of(content)
    return found if isinstance(found, dict) else {}
