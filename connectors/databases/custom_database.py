"""A custom database, as its definition has it."""

from collections.abc import Mapping
from typing import Any, Final

from connectors.records.declared_fields import declared_fields
from connectors.records.records import Collection

KIND: Final = "database"


def collection_of(document: Mapping[str, Any]) -> Collection:
    """Return what the rows are of; its name is the definition's id, so that the rows stay when the reference changes."""
    return Collection(document["id"], declared_fields(document["columns"], "proposals"))
