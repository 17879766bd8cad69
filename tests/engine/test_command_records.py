"""A connector is written from the schemas alone: they have a record for each command, with the command's own fields."""

import json
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from processor.engine import commands
from processor.engine.commands import CommandBody
from schemas.codec import current_schema


def _bodies() -> Iterator[type[CommandBody]]:
    """Give the commands; what several of them share is none."""
    for module in iter_modules(commands.__path__):
        for value in vars(import_module(f"{commands.__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, CommandBody) and not value.__subclasses__():
                yield value


BODIES = sorted(set(_bodies()), key=lambda body: (body.family, body.__name__))


def records(family: str) -> dict[str, dict[str, Any]]:
    """Return the records that a family's commands may be, by name."""
    schema = json.loads(json.dumps(current_schema(f"{family}_command")))
    (body,) = (field for field in schema["fields"] if field["name"] == "body")
    return {record["name"]: record for record in body["type"]}


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_a_command_s_record_has_its_fields(body: type[CommandBody]) -> None:
    record = records(body.family)[body.__name__]
    assert [field["name"] for field in record["fields"]] == list(body.__struct_fields__)


@pytest.mark.parametrize("family", sorted({body.family for body in BODIES}))
def test_every_record_of_a_family_is_a_command(family: str) -> None:
    assert set(records(family)) == {body.__name__ for body in BODIES if body.family == family}
