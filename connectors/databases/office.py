"""The staff's API and page of custom databases."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from connectors.databases.custom_database import KIND
from connectors.databases.row_rules import row_store
from connectors.framework.definitions import Definitions
from connectors.framework.fault import Fault, shown
from connectors.office.office import Office
from connectors.records.record_office import RecordOffice, Shelf
from connectors.sql.database import Database

_ROLES: Final = frozenset({"databases", "supervisor"})


class DatabasesOffice:
    """Rows, as people and their programs see and change them."""

    def __init__(self, office: Office) -> None:
        """Prepare, and add the routes. Raises SettingsError."""
        self._database = Database(office.surroundings, "databases")
        self._definitions = Definitions(office.surroundings)
        office.on_close(self._database.close)
        office.on_close(self._definitions.close)
        office.on_open(self._database.open)
        office.on_open(self._definitions.open)
        records = RecordOffice(office, _ROLES)
        records.list_at("/databases", "Databases", "row", self._all)
        records.records_at("/api/databases/{database}/rows", self._one)

    async def _all(self) -> Sequence[Shelf]:
        return [self._shelf(document) for document in await self._definitions.all_of(KIND)]

    async def _one(self, request: web.Request) -> Shelf:
        reference = request.match_info["database"]
        document = await self._definitions.find(KIND, reference)
        if document is None:
            raise Fault(404, "database", "a database that is in service", shown(reference))
        return self._shelf(document)

    def _shelf(self, document: Mapping[str, Any]) -> Shelf:
        path = f"/api/databases/{quote(document['reference'], safe='')}/rows"
        return Shelf(path, document.get("name") or document["reference"], row_store(self._database, document))


def mount(office: Office) -> None:
    """Add databases to the office. Raises SettingsError."""
    DatabasesOffice(office)
