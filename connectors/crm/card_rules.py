"""What is asked of cards that staff or files add: what their fields ask, and that unique values stay so."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.crm import cards
from connectors.crm.directory import Directory
from connectors.records.record_store import RecordStore
from connectors.records.records import Record
from connectors.sql.database import Database


class CardRules:
    """Additions and changes of one directory."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def add(self, connection: AsyncConnection, values: Sequence[Mapping[str, str]]) -> list[int]:
        """Add cards. Raises Refused with reason `missing_field` or `duplicate`."""
        return await cards.create_all(connection, self._directory, values)

    async def change(self, connection: AsyncConnection, record: Record, changes: Mapping[str, str]) -> None:
        """Change a card. Raises Refused with reason `missing_field` or `duplicate`."""
        await cards.change(connection, self._directory, record, changes)


def card_store(database: Database, directory: Directory) -> RecordStore:
    """Return the cards of a directory."""
    return RecordStore(database, cards.records, directory.collection, CardRules(directory))
