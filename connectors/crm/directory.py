"""Where cards are: a directory, or an object of a CRM of the second version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.framework.errors import Refused
from connectors.records.declared_fields import Declared, declared_fields
from connectors.records.records import Collection

CRM: Final = "crm"
CRM_V2: Final = "crm_v2"


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory (kind `crm`, no object), or an object (kind `crm_v2`), as its definition has it."""

    kind: str
    id: str
    """The definition's, which stays when the reference changes."""
    reference: str
    object: str
    fields: Declared
    unique: tuple[str, ...]
    """Fields in which no two cards have the same value."""
    integration: bool
    """Whether an integration keeps the cards; a search then never creates one."""

    @property
    def collection(self) -> Collection:
        """What its cards are of in the SQL store."""
        return Collection(json.dumps([self.kind, self.id, self.object], ensure_ascii=False), self.fields)


def place_of(collection: str) -> tuple[str, str, str]:
    """Return kind, id and object that a collection's name holds."""
    kind, identity, name = json.loads(collection)
    return kind, identity, name


def directory_of(document: Mapping[str, Any] | None) -> Directory:
    """Read a directory.

    Raises Refused where there is none.
    """
    if document is None:
        raise Refused("refused", "There is no such directory.")
    fields = declared_fields(document["fields"], "values")
    unique = tuple(document.get("unique", ()))
    return Directory(CRM, document["id"], document["reference"], "", fields, unique, bool(document.get("integration", False)))


def object_of(document: Mapping[str, Any] | None, name: str) -> Directory:
    """Read an object of a CRM.

    Raises Refused where there is no such CRM, or none with this object.
    """
    if document is None:
        raise Refused("refused", "There is no such CRM.")
    declared = document["objects"].get(name)
    if declared is None:
        raise Refused("refused", f"The CRM has no object {name!r}.")
    fields = declared_fields(declared["fields"], "values")
    return Directory(CRM_V2, document["id"], document["reference"], name, fields, tuple(declared.get("unique", ())), integration=False)
