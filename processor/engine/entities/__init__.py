"""Definitions that flows name, one module for each kind. A new module in this folder is a new kind; nothing else needs to know of it."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Final

from processor.engine.entities.checkpoint import CheckpointDefinition
from processor.engine.entities.entity import Entity, Name, Part
from processor.engine.entities.entry_point import EntryPoint
from processor.engine.entities.web_service import Input, Output, WebService


def _kinds() -> Mapping[str, type[Entity]]:
    kinds = {}
    for found in iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Entity)
                and value.__module__ == module.__name__
                and hasattr(value, "entity_kind")
            ):
                kinds[value.entity_kind] = value
    return MappingProxyType(dict(sorted(kinds.items())))


KINDS: Final = _kinds()
"""Every kind of entity by its name."""

__all__ = ["KINDS", "CheckpointDefinition", "Entity", "EntryPoint", "Input", "Name", "Output", "Part", "WebService"]
