"""What staff and files do with the records of one collection, whichever family's they are."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.records.record_file import read_records, write_records
from connectors.records.records import Collection, Record, Records
from connectors.sql.database import Database

_PAGE: Final = 500


class Rules(Protocol):
    """What a family asks of its records beyond what their fields do, such as values that no two of them have."""

    async def add(self, connection: AsyncConnection, values: Sequence[Mapping[str, str]]) -> list[int]:
        """Add records whose values fit their fields. Raises Refused."""

    async def change(self, connection: AsyncConnection, record: Record, changes: Mapping[str, str]) -> None:
        """Change a record; the values fit their fields. Raises Refused."""


@dataclass(frozen=True, slots=True)
class RecordStore:
    """The records of one collection."""

    database: Database
    records: Records
    collection: Collection
    rules: Rules

    async def import_file(self, content: bytes, *, if_empty: bool = False) -> int:
        """Add the records of a CSV file, all or none, and return how many; with `if_empty` none where there are any already.

        Raises FileRefused or Refused for what the file holds, Retry where the store does not answer.
        """
        values = await asyncio.to_thread(read_records, content, self.collection.fields)
        async with self.database.writing() as connection:
            await self.records.enter(connection, self.collection, alone=True)
            if if_empty and await self.records.count(connection, self.collection):
                return 0
            return len(await self.rules.add(connection, values))

    async def export(self) -> AsyncIterator[bytes]:
        """Give the lines of a CSV file with all records, the oldest first. Raises Retry where the store does not answer."""
        after, fields = 0, self.collection.fields
        for header in write_records([], fields):
            yield header
        while True:
            async with self.database.reading() as connection:
                batch = await self.records.following(connection, self.collection, after, _PAGE)
            if not batch:
                return
            yield b"".join(write_records((record.values for record in batch), fields, header=False))
            after = batch[-1].id
