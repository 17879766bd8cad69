"""Cards in the SQL store: searched, created, changed, and associated with interactions."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.crm.directory import Directory, place_of
from connectors.crm.tables import associations, cards
from connectors.framework.errors import Refused
from connectors.records.declared_fields import complete
from connectors.records.records import Asserted, Combination, Record, Records
from connectors.sql.insertion import insert_into

records = Records(cards)

_OF_AN_ADDRESS: Final = frozenset({"phone", "email"})
"""Types of the fields by which a customer is known on channels."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card, wherever it is: its id there, and its values by field in canonical text, empty ones left out."""

    id: str
    values: Mapping[str, str]

    @classmethod
    def of(cls, record: Record, directory: Directory) -> "Card":
        """Return a card of the SQL store, with the fields that are declared now."""
        values = record.declared(directory.fields)
        return cls(str(record.id), {name: value for name, value in values.items() if value})

    @property
    def answer(self) -> dict[str, str]:
        """The values of a response."""
        return {**self.values, "id": self.id}


async def search(connection: AsyncConnection, directory: Directory, wanted: Sequence[Asserted], combine: Combination) -> list[Card]:
    """Return the first cards that meet the assertions, two at most: that is several.

    The keys are made by the types of today first, where they are not; whoever does that stays alone, and may create a card then.
    """
    if not await records.is_current(connection, directory.collection):
        await records.enter(connection, directory.collection, alone=True)
    found = await records.find(connection, directory.collection, wanted, combine, 2)
    return [Card.of(record, directory) for record in found]


async def search_address(connection: AsyncConnection, directory: Directory, address: str) -> list[Card]:
    """Return the first cards, two at most, that have a customer's address in a field of type phone or email."""
    wanted = []
    for name, field in directory.fields.items():
        if field.type in _OF_AN_ADDRESS:
            with contextlib.suppress(Refused):  # no phone number, or no email address: then it is in no such field
                wanted.append(Asserted(name, field.fitting(name, address)))
    wanted = [asserted for asserted in wanted if asserted.value]
    return await search(connection, directory, wanted, "any") if wanted else []


async def search_or_create(connection: AsyncConnection, directory: Directory, wanted: Sequence[Asserted]) -> tuple[list[Card], bool]:
    """Return the cards that meet all assertions, or else a new one with their values, and whether it is new.

    Of two at the same time, one creates and the other finds: it waits for the first one's end before it looks again.

    Raises Refused where a card cannot be created with these values.
    """
    found = await search(connection, directory, wanted, "all")
    if found:
        return found, False
    await records.enter(connection, directory.collection, alone=True)
    found = await search(connection, directory, wanted, "all")
    if found:
        return found, False
    try:
        return [await create(connection, directory, dict(wanted))], True
    except Refused as refused:  # duplicate and missing_field are no answers to a search
        raise Refused("refused", refused.detail) from refused


async def create(connection: AsyncConnection, directory: Directory, values: Mapping[str, str]) -> Card:
    """Create a card with values that fit their fields.

    Raises Refused with reason `missing_field`, or `duplicate` where another card has the value of a unique field.
    """
    (number,) = await create_all(connection, directory, [values])
    return Card(str(number), {name: value for name, value in values.items() if value})


async def create_all(connection: AsyncConnection, directory: Directory, contents: Sequence[Mapping[str, str]]) -> list[int]:
    """Create cards, all or none, and return their numbers. Raises Refused as `create` does."""
    collection, seen = directory.collection, set()
    for values in contents:
        complete(values, directory.fields)
    await records.enter(connection, collection, alone=bool(directory.unique))
    for name in directory.unique:
        for value in (given for values in contents if (given := values.get(name))):
            key = collection.key(name, value)
            if key in seen or await records.find(connection, collection, [Asserted(name, value)], "all", 1):
                raise Refused("duplicate", f"Field {name}: expected a value that no other card has, found one that another has.")
            seen.add(key)
    return await records.add(connection, collection, contents)


async def change(connection: AsyncConnection, directory: Directory, record: Record, changes: Mapping[str, str]) -> None:
    """Give a card new values, which fit their fields; an empty one clears its field. `enter` comes first, alone.

    Raises Refused as `create` does.
    """
    collection = directory.collection
    complete({**record.values, **changes}, {name: directory.fields[name] for name in changes})
    for name in set(directory.unique) & set(changes):
        if changes[name]:
            others = await records.find(connection, collection, [Asserted(name, changes[name])], "all", 2)
            if any(other.id != record.id for other in others):
                raise Refused("duplicate", f"Field {name}: expected a value that no other card has, found one that another has.")
    await records.change(connection, collection, [record], changes)


async def associate(connection: AsyncConnection, envelope: Mapping[str, Any], directory: Directory, card: str) -> None:
    """Note that the command's interaction belongs to a card, in place of the one that it belonged to before."""
    place = {"kind": directory.kind, "crm": directory.id, "object": directory.object, "card": card}
    noted = {"conversation_id": envelope["conversation_id"], "associated_at": time.time_ns() // 1_000_000, **place}
    statement = insert_into(connection, associations).values(interaction_id=envelope["interaction_id"], **noted)
    await connection.execute(statement.on_conflict_do_update(index_elements=[associations.c.interaction_id], set_=noted))


async def interactions_of(connection: AsyncConnection, collection: str, card: str, most: int) -> list[dict[str, Any]]:
    """Return the interactions that belong to a card of a collection, the newest first."""
    kind, crm, object_ = place_of(collection)
    table = associations.c
    wanted = (table.kind == kind, table.crm == crm, table.object == object_, table.card == card)
    query = select(table.interaction_id, table.associated_at).where(*wanted).order_by(table.associated_at.desc()).limit(most)
    return [{"interaction_id": row.interaction_id, "associated_at": row.associated_at} for row in await connection.execute(query)]
