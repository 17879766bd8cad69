"""Rows as files, for the command line and for programs that bring their data along."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from connectors.databases.custom_database import KIND
from connectors.databases.row_rules import row_store
from connectors.framework.definitions import Definitions
from connectors.framework.surroundings import Surroundings
from connectors.records.record_file import FileRefused
from connectors.records.record_store import RecordStore
from connectors.sql.database import opened


@asynccontextmanager
async def database_rows(surroundings: Surroundings, reference: str) -> AsyncIterator[RecordStore]:
    """Give the rows of a database.

    Raises FileRefused where no such database is published, SettingsError, KafkaError, and Retry where the store does not answer.
    """
    definitions = Definitions(surroundings)
    try:
        await definitions.open()
        document = await definitions.find(KIND, reference)
        known = [found["reference"] for found in await definitions.all_of(KIND)]
    finally:
        await definitions.close()
    if document is None:
        raise FileRefused(f"database: expected one of {', '.join(known) or 'none, for none is published'}; found {reference!r}")
    async with opened(surroundings, "databases") as database:
        yield row_store(database, document)
