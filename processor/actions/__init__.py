"""The action types, one module each. A new module in this folder is a new type; nothing else needs to know of it."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from processor.engine.action import Action


@cache
def action_types() -> Mapping[str, type[Action]]:
    """Return every action type by its name: the class in module `load_sharing` is `LoadSharing`."""
    types = {}
    for module in iter_modules(__path__):
        imported = import_module(f"{__name__}.{module.name}")
        action_type: type[Action] = getattr(imported, "".join(word.capitalize() for word in module.name.split("_")))
        types[module.name] = action_type
    return MappingProxyType(dict(sorted(types.items(), key=lambda item: [int(number) for number in item[1].section.split(".")])))
