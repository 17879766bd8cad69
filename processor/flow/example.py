"""The examples in the docstrings of action types, which are also their documentation."""

import re
from collections.abc import Mapping
from inspect import getdoc
from typing import Any, Final

from processor.engine.action import Action
from processor.flow.document import load

_EXAMPLE: Final = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def example(action_type: type[Action]) -> Mapping[str, Any]:
    """Return the example in an action type's docstring: a placed action, `type` and `links` included.

    Raises LookupError where there is none, DocumentRefused where it cannot be read.
    """
    found = _EXAMPLE.search(getdoc(action_type) or "")
    if found is None:
        raise LookupError(f"{action_type.__name__}: expected an example between ```yaml and ``` in its docstring, found none")
    return load(found[1])


def description(action_type: type[Action]) -> str:
    """Return what an action type's docstring says beside its example."""
    return _EXAMPLE.sub("", getdoc(action_type) or "").strip()
