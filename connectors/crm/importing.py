"""Cards as files, for the command line and for programs that bring their data along."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from connectors.crm.card_rules import card_store
from connectors.crm.directory import CRM, CRM_V2, directory_of, object_of
from connectors.crm.settings import CrmSettings
from connectors.framework.definitions import Definitions
from connectors.framework.surroundings import Surroundings
from connectors.records.record_file import FileRefused
from connectors.records.record_store import RecordStore
from connectors.sql.database import opened


@asynccontextmanager
async def directory_cards(surroundings: Surroundings, reference: str) -> AsyncIterator[RecordStore]:
    """Give the cards of a directory (`contacts`), or of an object of a CRM of the second version (`sales/lead`).

    Raises FileRefused where none such is published or the CRM is kept elsewhere, SettingsError, KafkaError, and Retry where the store does
    not answer.
    """
    elsewhere = surroundings.read(CrmSettings).systems
    definitions = Definitions(surroundings)
    try:
        await definitions.open()
        known = {document["reference"]: directory_of(document) for document in await definitions.all_of(CRM)}
        for document in await definitions.all_of(CRM_V2):
            if document["reference"] not in elsewhere:
                known |= {f"{document['reference']}/{name}": object_of(document, name) for name in document["objects"]}
    finally:
        await definitions.close()
    directory = known.get(reference)
    if directory is None:
        raise FileRefused(f"directory: expected one of {', '.join(known) or 'none, for none is kept here'}; found {reference!r}")
    async with opened(surroundings, "crm") as database:
        yield card_store(database, directory)
