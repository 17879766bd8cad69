"""What is asked of rows that staff or files add: nothing but what their columns ask."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.databases.custom_database import collection_of
from connectors.databases.tables import rows
from connectors.records.declared_fields import complete
from connectors.records.record_store import RecordStore
from connectors.records.records import Collection, Record, Records
from connectors.sql.database import Database


class RowRules:
    """Additions and changes of one database."""

    def __init__(self, records: Records, collection: Collection) -> None:
        self._records = records
        self._collection = collection

    async def add(self, connection: AsyncConnection, values: Sequence[Mapping[str, str]]) -> list[int]:
        """Add rows. Raises Refused with reason `missing_field`."""
        for row in values:
            complete(row, self._collection.fields)
        await self._records.enter(connection, self._collection)
        return await self._records.add(connection, self._collection, values)

    async def change(self, connection: AsyncConnection, record: Record, changes: Mapping[str, str]) -> None:
        """Change a row. Raises Refused with reason `missing_field`."""
        complete({**record.values, **changes}, {name: self._collection.fields[name] for name in changes})
        await self._records.change(connection, self._collection, [record], changes)


def row_store(database: Database, document: Mapping[str, object]) -> RecordStore:
    """Return the rows of a database, by its definition."""
    collection, records = collection_of(document), Records(rows)
    return RecordStore(database, records, collection, RowRules(records, collection))
