"""The staff's API and page of cards; those of CRMs that are kept elsewhere are seen there."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.crm import cards
from connectors.crm.card_rules import card_store
from connectors.crm.directory import CRM, CRM_V2, Directory, directory_of, object_of
from connectors.crm.settings import CrmSettings
from connectors.framework.definitions import Definitions
from connectors.framework.fault import Fault, shown
from connectors.office.office import Office
from connectors.records.record_office import RecordOffice, Shelf
from connectors.records.records import Record
from connectors.sql.database import Database

_ROLES: Final = frozenset({"crm"})
_INTERACTIONS: Final = 20


class CrmOffice:
    """Cards, as people and their programs see and change them."""

    def __init__(self, office: Office) -> None:
        """Prepare, and add the routes. Raises SettingsError."""
        self._elsewhere = frozenset(office.surroundings.read(CrmSettings).systems)
        self._database = Database(office.surroundings, "crm")
        self._definitions = Definitions(office.surroundings)
        office.on_close(self._database.close)
        office.on_close(self._definitions.close)
        office.on_open(self._database.open)
        office.on_open(self._definitions.open)
        records = RecordOffice(office, _ROLES, _more)
        records.list_at("/crm", "Cards", "card", self._all)
        records.records_at("/api/crm/{crm}/cards", self._directory)
        records.records_at("/api/crm_v2/{crm}/objects/{object}/cards", self._object)

    async def _all(self) -> Sequence[Shelf]:
        directories = [self._shelf(document, directory_of(document)) for document in await self._definitions.all_of(CRM)]
        for document in await self._definitions.all_of(CRM_V2):
            if document["reference"] not in self._elsewhere:
                directories += [self._shelf(document, object_of(document, name)) for name in document["objects"]]
        return directories

    async def _directory(self, request: web.Request) -> Shelf:
        reference = request.match_info["crm"]
        document = await self._definitions.find(CRM, reference)
        if document is None:
            raise Fault(404, "crm", "a directory that is in service", shown(reference))
        return self._shelf(document, directory_of(document))

    async def _object(self, request: web.Request) -> Shelf:
        reference, name = request.match_info["crm"], request.match_info["object"]
        document = await self._definitions.find(CRM_V2, reference)
        if document is None or reference in self._elsewhere:
            raise Fault(404, "crm", "a CRM that is in service and kept here", shown(reference))
        if name not in document["objects"]:
            raise Fault(404, "object", f"one of {', '.join(document['objects'])}", shown(name))
        return self._shelf(document, object_of(document, name))

    def _shelf(self, document: Mapping[str, Any], directory: Directory) -> Shelf:
        name = document.get("name") or directory.reference
        crm = quote(directory.reference, safe="")
        path = f"/api/crm/{crm}/cards"
        if directory.kind == CRM_V2:
            name, path = f"{name}: {directory.object}", f"/api/crm_v2/{crm}/objects/{quote(directory.object, safe='')}/cards"
        return Shelf(path, name, card_store(self._database, directory))


def mount(office: Office) -> None:
    """Add cards to the office. Raises SettingsError."""
    CrmOffice(office)


async def _more(connection: AsyncConnection, shelf: Shelf, record: Record) -> Mapping[str, Any]:
    return {"interactions": await cards.interactions_of(connection, shelf.store.collection.name, str(record.id), _INTERACTIONS)}
