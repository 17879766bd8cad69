"""Records whose fields a definition declares: found by their values, oldest first, added, changed and removed."""

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeVar

from sqlalchemy import Select, delete, exists, func, insert, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.framework.errors import StoreAway
from connectors.records.declared_fields import Declared, key_of
from connectors.records.record_tables import RecordTables
from connectors.sql.database import Database
from connectors.sql.insertion import insert_into

_PROBE: Final = 200
"""How many records of a value are counted to see which of several is the rarest."""
_BATCH: Final = 500

_PLAIN: Final = re.compile(r"[ !#-\[\]-~]+")  # what JSON writes as it is, and every store folds

Combination = Literal["all", "any"]
"""Whether a record must have every value that is asserted, or at least one."""

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Collection:
    """What records are of: a database, a directory, an object of a CRM. Its name holds the definition's id, which stays."""

    name: str
    fields: Declared

    def differs(self, record: "Record", changes: Mapping[str, str]) -> bool:
        """Whether a record has another value than one of these: other by what it means, as its type compares it."""
        return any(self.differs_from(record.values.get(name, ""), name, value) for name, value in changes.items())

    def differs_from(self, one: str, name: str, other: str) -> bool:
        """Whether two values of a field differ."""
        return self.key(name, one) != self.key(name, other)

    def key(self, name: str, value: str) -> bytes:
        """Return the key of a value."""
        declared = self.fields.get(name)
        return key_of(self.name, name, "text" if declared is None else declared.type, value)


class Asserted(NamedTuple):
    """A field and the value that a record must have in it; empty text: none."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record; times are epoch milliseconds. `values` has no empty ones, and perhaps some of fields that are declared no more."""

    id: int
    values: Mapping[str, str]
    added_at: int
    changed_at: int
    version: int
    """One more with each change."""

    def declared(self, fields: Declared) -> dict[str, str]:
        """Return the values of the fields that are declared, empty text for those without one."""
        return {name: self.values.get(name, "") for name in fields}


class Records:
    """The records of one family's tables. Every method works in the transaction of the connection that it is given."""

    def __init__(self, tables: RecordTables) -> None:
        self._tables = tables

    async def is_current(self, connection: AsyncConnection, collection: Collection) -> bool:
        """Whether the keys were made by the types that the definition has now; where not, `enter` makes them anew."""
        return _types(await self._known(connection, collection), collection) is None

    async def enter(self, connection: AsyncConnection, collection: Collection, *, alone: bool = False) -> None:
        """Begin to change a collection: beside others, or `alone`, until the transaction ends.

        A collection comes into being here, and where the definition has changed the type of a field, its keys are made anew: alone from
        the beginning, because two that are beside each other and both want to be alone would wait for each other.

        Raises StoreAway where the keys were current a moment ago: another one, which knows another definition, has just made them anew.
        """
        alone = alone or not await self.is_current(connection, collection)
        known = await self._known(connection, collection, lock="alone" if alone else "beside")
        if _types(known, collection) is None:
            return
        if not alone:
            raise StoreAway("The keys of a collection were made by another definition meanwhile.")
        if known is None:
            await self._begin(connection, collection)
            known = await self._known(connection, collection, lock="alone") or {}
        types = _types(known, collection)
        if types is None:  # another one was quicker
            return
        changed = [name for name, kind in types.items() if known.get(name, kind) != kind]
        if changed:
            await self._make_keys_anew(connection, collection, changed)
        collections = self._tables.collections
        await connection.execute(update(collections).where(collections.c.name == collection.name).values(types=json.dumps(types)))

    async def find(
        self,
        connection: AsyncConnection,
        collection: Collection,
        wanted: Iterable[Asserted],
        combine: Combination,
        most: int | None,
    ) -> list[Record]:
        """Return the records that have all (or any) of the wanted values, oldest first, at most so many."""
        search = (await self._search(connection, collection, list(dict.fromkeys(wanted)), combine, most)).subquery()
        records = self._tables.records
        query = select(records).join(search, search.c[0] == records.c.id).order_by(records.c.id)
        return [_record(row) for row in await connection.execute(query)]

    async def look_up(
        self, database: Database, collection: Collection, wanted: Iterable[Asserted], combine: Combination, most: int | None
    ) -> list[Record]:
        """Find records as `find` does, in a transaction that only reads, unless keys have to be made anew first."""
        async with database.reading() as connection:
            if await self.is_current(connection, collection):
                return await self.find(connection, collection, wanted, combine, most)
        async with database.writing() as connection:
            await self.enter(connection, collection)
            return await self.find(connection, collection, wanted, combine, most)

    async def get(self, connection: AsyncConnection, collection: Collection, record: int) -> Record | None:
        """Return one record, None where the collection has none of this number."""
        records = self._tables.records
        row = (await connection.execute(select(records).where(records.c.id == record, records.c.collection == collection.name))).first()
        return None if row is None else _record(row)

    async def page(
        self, connection: AsyncConnection, collection: Collection, *, before: int | None, most: int, text: str = ""
    ) -> list[Record]:
        """Return records, the newest first, older than number `before`; with `text` only those that have it in a value, in any case."""
        records = self._tables.records
        query = select(records).where(records.c.collection == collection.name).order_by(records.c.id.desc())
        # Stores fold ASCII only, and the JSON has names and escapes, too: what they leave over is looked at again.
        if plain := max(_PLAIN.findall(text), key=len, default=""):
            query = query.where(records.c.content.icontains(plain, autoescape=True))
        found: list[Record] = []
        while len(found) < most:
            rows = (await connection.execute((query if before is None else query.where(records.c.id < before)).limit(_BATCH))).all()
            found += [record for record in map(_record, rows) if not text or _says(record, text)]
            if len(rows) < _BATCH:
                break
            before = rows[-1].id
        return found[:most]

    async def following(self, connection: AsyncConnection, collection: Collection, after: int, most: int) -> list[Record]:
        """Return records, the oldest first, of numbers above `after`."""
        records = self._tables.records
        query = select(records).where(records.c.collection == collection.name, records.c.id > after).order_by(records.c.id).limit(most)
        return [_record(row) for row in await connection.execute(query)]

    async def count(self, connection: AsyncConnection, collection: Collection) -> int:
        """Return how many records there are."""
        records = self._tables.records
        return await connection.scalar(select(func.count()).select_from(records).where(records.c.collection == collection.name)) or 0

    async def add(self, connection: AsyncConnection, collection: Collection, values: Sequence[Mapping[str, str]]) -> list[int]:
        """Add records, each with its values in canonical text, and return their numbers; `enter` comes first."""
        now, added = _now(), []
        for batch in _batches(values):
            contents = [_filled(given) for given in batch]
            stamps = {"collection": collection.name, "added_at": now, "changed_at": now, "version": 1}
            numbers = await self._insert(connection, [{"content": _json(content), **stamps} for content in contents])
            await self._add_keys(connection, collection, zip(numbers, contents, strict=True))
            added += numbers
        return added

    async def change(
        self, connection: AsyncConnection, collection: Collection, records: Sequence[Record], changes: Mapping[str, str]
    ) -> None:
        """Give records new values, in canonical text; an empty one clears its field. `enter` comes first."""
        table, keys = self._tables.records, self._tables.keys
        stamps = {"changed_at": _now(), "version": table.c.version + 1}
        for batch in _batches(records):
            contents = {record.id: _filled({**record.values, **changes}) for record in batch}
            for number, content in contents.items():
                await connection.execute(update(table).where(table.c.id == number).values(content=_json(content), **stamps))
            await connection.execute(delete(keys).where(keys.c.record.in_(list(contents)), keys.c.field.in_(list(changes))))
            await self._add_keys(connection, collection, ((number, _filled(changes)) for number in contents))

    async def remove(self, connection: AsyncConnection, collection: Collection, record: int) -> bool:
        """Remove a record; returns whether there was one. `enter` comes first."""
        if await self.get(connection, collection, record) is None:
            return False
        await connection.execute(delete(self._tables.keys).where(self._tables.keys.c.record == record))
        await connection.execute(delete(self._tables.records).where(self._tables.records.c.id == record))
        return True

    async def _search(
        self, connection: AsyncConnection, collection: Collection, wanted: list[Asserted], combine: str, most: int | None
    ) -> Select[tuple[int]]:
        keys, records = self._tables.keys, self._tables.records
        given = [collection.key(name, value) for name, value in wanted if value]
        missing = [name for name, value in wanted if not value]
        if combine == "any":
            parts = [self._having(key).order_by(keys.c.record).limit(most) for key in given]
            parts += [self._lacking(collection, [name]).order_by(records.c.id).limit(most) for name in missing]
            each = union(*(select(part.subquery()) for part in parts)).subquery()
            return select(each.c[0]).order_by(each.c[0]).limit(most)
        if not given:
            return self._lacking(collection, missing).order_by(records.c.id).limit(most)
        # The rarest value leads, and each of its records is looked up in the others; what a planner knows of values differs.
        rarest, *others = await self._rarest_first(connection, given)
        query = self._having(rarest)
        for number, key in enumerate(others):
            other = keys.alias(f"other_{number}")
            query = query.where(exists().where(other.c.record == keys.c.record, other.c.key == key))
        for number, name in enumerate(missing):
            other = keys.alias(f"missing_{number}")
            query = query.where(~exists().where(other.c.record == keys.c.record, other.c.field == name))
        return query.order_by(keys.c.record).limit(most)

    async def _rarest_first(self, connection: AsyncConnection, given: list[bytes]) -> list[bytes]:
        if len(given) == 1:
            return given
        counts = [select(func.count()).select_from(self._having(key).limit(_PROBE).subquery()).scalar_subquery() for key in given]
        row = (await connection.execute(select(*counts))).one()
        return [key for _, _, key in sorted(zip(row, range(len(given)), given, strict=True))]

    def _having(self, key: bytes) -> Select[tuple[int]]:
        return select(self._tables.keys.c.record.label("id")).where(self._tables.keys.c.key == key)

    def _lacking(self, collection: Collection, names: Iterable[str]) -> Select[tuple[int]]:
        keys, records = self._tables.keys, self._tables.records
        query = select(records.c.id).where(records.c.collection == collection.name)
        for number, name in enumerate(names):
            other = keys.alias(f"missing_{number}")
            query = query.where(~exists().where(other.c.record == records.c.id, other.c.field == name))
        return query

    async def _insert(self, connection: AsyncConnection, rows: list[dict[str, Any]]) -> list[int]:
        statement, number = insert(self._tables.records), self._tables.records.c.id
        if connection.dialect.name == "sqlite":
            # One statement for all, as SQLAlchemy would not do where the order matters to it; AUTOINCREMENT numbers them in order.
            return sorted(await connection.scalars(statement.returning(number), rows))
        return list(await connection.scalars(statement.returning(number, sort_by_parameter_order=True), rows))

    async def _known(self, connection: AsyncConnection, collection: Collection, lock: str | None = None) -> dict[str, str] | None:
        collections = self._tables.collections
        query = select(collections.c.types).where(collections.c.name == collection.name)
        if lock is not None:
            query = query.with_for_update(read=lock == "beside")
        found = await connection.scalar(query)
        return None if found is None else json.loads(found)

    async def _begin(self, connection: AsyncConnection, collection: Collection) -> None:
        new = insert_into(connection, self._tables.collections).values(name=collection.name, types="{}")
        await connection.execute(new.on_conflict_do_nothing())

    async def _make_keys_anew(self, connection: AsyncConnection, collection: Collection, names: list[str]) -> None:
        keys, after = self._tables.keys, 0
        while batch := await self.following(connection, collection, after, _BATCH):
            await connection.execute(delete(keys).where(keys.c.record.in_([record.id for record in batch]), keys.c.field.in_(names)))
            kept = ((record.id, {name: record.values[name] for name in names if name in record.values}) for record in batch)
            await self._add_keys(connection, collection, kept)
            after = batch[-1].id

    async def _add_keys(
        self, connection: AsyncConnection, collection: Collection, contents: Iterable[tuple[int, Mapping[str, str]]]
    ) -> None:
        rows = [
            {"record": number, "field": name, "key": collection.key(name, value)}
            for number, content in contents
            for name, value in content.items()
        ]
        if rows:
            await connection.execute(insert(self._tables.keys), rows)


def _types(known: Mapping[str, str] | None, collection: Collection) -> dict[str, str] | None:
    """Return the types to note, None where they are what is known; those of fields that are declared no more are kept."""
    declared = {name: field.type for name, field in collection.fields.items()}
    if known is not None and all(known.get(name) == kind for name, kind in declared.items()):
        return None
    return {**(known or {}), **declared}


def _record(row: Any) -> Record:
    return Record(row.id, json.loads(row.content), row.added_at, row.changed_at, row.version)


def _says(record: Record, text: str) -> bool:
    return any(text.casefold() in value.casefold() for value in record.values.values())


def _filled(content: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in content.items() if value}


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def _json(content: Mapping[str, str]) -> str:
    return json.dumps(content, ensure_ascii=False)


def _now() -> int:
    return int(time.time() * 1000)
