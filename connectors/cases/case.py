"""A case."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Row

TITLE = "title"
STATUS = "status"


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom a case is about: an address on an account of a channel."""

    channel: str
    account: str
    address: str


@dataclass(frozen=True, slots=True)
class Case:
    """A case as the store has it; times are epoch milliseconds."""

    id: str
    reference: str
    type: str
    title: str
    status: str
    fields: Mapping[str, str]
    """The type's own fields that have a value, in canonical text."""
    customer: Customer | None
    opened_at: int
    changed_at: int
    version: int = 1

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """Read it from its row."""
        customer = None if row.address is None else Customer(row.channel, row.account, row.address)
        return cls(
            row.id,
            row.reference,
            row.type,
            row.title,
            row.status,
            json.loads(row.fields),
            customer,
            row.opened_at,
            row.changed_at,
            row.version,
        )

    @property
    def all_fields(self) -> dict[str, str]:
        """Title, status and the type's own fields."""
        return {TITLE: self.title, STATUS: self.status, **self.fields}

    @property
    def values(self) -> dict[str, str]:
        """What a flow is told; empty values are left out."""
        told = {"id": self.id, "reference": self.reference, "type": self.type, **self.all_fields}
        return {name: value for name, value in told.items() if value}


def fields_text(fields: Mapping[str, str]) -> str:
    """Return fields as the store has them: JSON, in the order of their names, without the empty ones."""
    return json.dumps({name: value for name, value in fields.items() if value}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
