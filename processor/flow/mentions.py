"""What an action's parameters mention: templates, fields to write and entities, each with its path below the action."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from processor.engine.action import Action
from processor.engine.parameters import EntityReference, Target
from processor.engine.template import Template
from processor.flow.faults import below


@dataclass(frozen=True, slots=True)
class Mentions:
    """All that one action mentions, in the order of its parameters."""

    templates: tuple[tuple[str, Template], ...]
    targets: tuple[tuple[str, Target], ...]
    references: tuple[tuple[str, EntityReference], ...]


def mentions(action: Action) -> Mentions:
    """Return what an action mentions. Found by type, so that a new action type needs to say nothing of it."""
    found = list(_within(action, ""))
    return Mentions(
        tuple((path, value) for path, value in found if isinstance(value, Template)),
        tuple((path, value) for path, value in found if isinstance(value, Target)),
        tuple((path, value) for path, value in found if isinstance(value, EntityReference)),
    )


def _within(value: object, path: str) -> Iterator[tuple[str, object]]:
    match value:
        case Template():
            yield path, value
        case BaseModel():
            yield path, value
            for name in type(value).model_fields:
                yield from _within(getattr(value, name), below(path, name))
        case dict():
            for key, item in value.items():
                yield from _within(item, below(path, key))
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _within(item, below(path, index))
        case _:
            pass
