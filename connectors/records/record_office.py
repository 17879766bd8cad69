"""The staff's API of records: collections, and in each its records to see, add, change and remove, one by one or as CSV."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.framework.errors import Refused
from connectors.framework.fault import Fault, shown
from connectors.framework.spreadsheet import MIME_TYPE
from connectors.office.answering import Handler, answered, body_of
from connectors.office.download import send
from connectors.office.entity_tag import expect, tag_of
from connectors.office.office import Office
from connectors.office.paging import LARGEST_PAGE, Limit, Term, query_of
from connectors.records.declared_fields import checked
from connectors.records.record_file import FileRefused
from connectors.records.record_store import RecordStore
from connectors.records.records import Asserted, Record

PAGE: Final = Path(__file__).parent / "page"
"""The page, whichever family's records it shows: it asks `/api` and the page's own path for them."""

_LARGEST_NUMBER: Final = 2**63 - 1

Text = Annotated[str, StringConstraints(max_length=100_000)]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A collection as people see it."""

    path: str
    """Where the API has its records."""
    name: str
    store: RecordStore


Found = Callable[[web.Request], Awaitable[Shelf]]
More = Callable[[AsyncConnection, Shelf, Record], Awaitable[Mapping[str, Any]]]


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Term = ""
    field: Term | None = None
    value: Term = ""
    before: int | None = Field(default=None, ge=1, le=_LARGEST_NUMBER)
    limit: Limit = LARGEST_PAGE


class _Values(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    values: dict[str, Text] = Field(max_length=1_000)


class RecordOffice:
    """The handlers of one family."""

    def __init__(self, office: Office, roles: frozenset[str], more: More | None = None) -> None:
        """Prepare; `more` tells what else there is to know of a record."""
        self._office = office
        self._roles = roles
        self._more = more

    def list_at(self, path: str, title: str, noun: str, all_of_them: Callable[[], Awaitable[Sequence[Shelf]]]) -> None:
        """Add the list of collections, and the page that shows them; `noun` is what a record is called there."""

        async def some(_request: web.Request) -> web.StreamResponse:
            shelves = [await _shelf(shelf) for shelf in await all_of_them()]
            return answered({"title": title, "noun": noun, "collections": shelves})

        self._office.add("GET", f"/api{path}", some, self._roles)
        self._office.page(path, title, PAGE, self._roles)

    def records_at(self, path: str, found: Found) -> None:
        """Add the records of the collections below a path with parameters; `found` raises Fault where there is no such collection."""

        def with_shelf(handler: Callable[[web.Request, Shelf], Awaitable[web.StreamResponse]]) -> Handler:
            async def handle(request: web.Request) -> web.StreamResponse:
                try:
                    return await handler(request, await found(request))
                except Refused as refused:
                    status = 409 if refused.reason == "duplicate" else 422
                    return answered({"error": refused.reason, "detail": refused.detail}, status=status)

            return handle

        one = f"{path}/{{record:[0-9]{{1,18}}}}"
        self._office.add("GET", path, with_shelf(self._some), self._roles)
        self._office.add("POST", path, with_shelf(self._add), self._roles)
        self._office.add("GET", f"{path}.csv", with_shelf(self._export), self._roles)
        self._office.add("POST", f"{path}.csv", with_shelf(self._import), self._roles)
        self._office.add("GET", one, with_shelf(self._get), self._roles)
        self._office.add("PATCH", one, with_shelf(self._change), self._roles)
        self._office.add("DELETE", one, with_shelf(self._remove), self._roles)

    async def _some(self, request: web.Request, shelf: Shelf) -> web.StreamResponse:
        """A page of records, the newest first; with `field` and `value` the oldest ones that have exactly this value."""
        query, store = query_of(request, _Query), shelf.store
        if query.field is not None:
            if query.field not in store.collection.fields:
                raise Fault(400, "field", f"one of {', '.join(store.collection.fields)}", shown(query.field))
            wanted = [Asserted(query.field, query.value)]
            found = await store.records.look_up(store.database, store.collection, wanted, "all", query.limit)
            return answered({"records": [_shown(record, shelf) for record in found], "before": None})
        async with store.database.reading() as connection:
            found = await store.records.page(connection, store.collection, before=query.before, most=query.limit, text=query.q)
        before = found[-1].id if len(found) == query.limit else None
        return answered({"records": [_shown(record, shelf) for record in found], "before": before})

    async def _get(self, request: web.Request, shelf: Shelf) -> web.StreamResponse:
        async with shelf.store.database.reading() as connection:
            return await self._answer(connection, shelf, await _record(connection, request, shelf))

    async def _add(self, request: web.Request, shelf: Shelf) -> web.StreamResponse:
        given, store = await body_of(request, _Values), shelf.store
        values = checked(given.values, store.collection.fields)
        async with store.database.writing() as connection:
            (number,) = await store.rules.add(connection, [values])
            response = await self._answer(connection, shelf, await _found(connection, shelf, number), status=201)
        response.headers["Location"] = f"{shelf.path}/{number}"
        return response

    async def _change(self, request: web.Request, shelf: Shelf) -> web.StreamResponse:
        """Change a record, if nobody else has since it was read."""
        given, store = await body_of(request, _Values), shelf.store
        changes = checked(given.values, store.collection.fields)
        async with store.database.writing() as connection:
            await store.records.enter(connection, store.collection, alone=True)
            record = await _record(connection, request, shelf)
            expect(request, record.version)
            if store.collection.differs(record, changes):
                await store.rules.change(connection, record, changes)
            return await self._answer(connection, shelf, await _found(connection, shelf, record.id))

    async def _remove(self, request: web.Request, shelf: Shelf) -> web.StreamResponse:
        store = shelf.store
        async with store.database.writing() as connection:
            await store.records.enter(connection, store.collection, alone=True)
            record = await _record(connection, request, shelf)
            expect(request, record.version)
            await store.records.remove(connection, store.collection, record.id)
        return web.Response(status=204)

    async def _export(self, request: web.Request, shelf: Shelf) -> web.StreamResponse:
        return await send(request, shelf.store.export(), MIME_TYPE, "records.csv")

    async def _import(self, request: web.Request, shelf: Shelf) -> web.StreamResponse:
        if request.content_type != MIME_TYPE:
            raise Fault(415, "Content-Type", MIME_TYPE, shown(request.content_type))
        try:
            return answered({"added": await shelf.store.import_file(await request.read())}, status=201)
        except FileRefused as refused:
            return answered({"error": "file", "detail": str(refused)}, status=422)

    async def _answer(self, connection: AsyncConnection, shelf: Shelf, record: Record, *, status: int = 200) -> web.Response:
        more = {} if self._more is None else await self._more(connection, shelf, record)
        response = answered({**_shown(record, shelf), **more}, status=status)
        response.headers["ETag"] = tag_of(record.version)
        return response


async def _record(connection: AsyncConnection, request: web.Request, shelf: Shelf) -> Record:
    return await _found(connection, shelf, int(request.match_info["record"]))


async def _found(connection: AsyncConnection, shelf: Shelf, number: int) -> Record:
    record = await shelf.store.records.get(connection, shelf.store.collection, number)
    if record is None:
        raise Fault(404, "record", "one that is there", str(number))
    return record


async def _shelf(shelf: Shelf) -> dict[str, Any]:
    store = shelf.store
    async with store.database.reading() as connection:
        count = await store.records.count(connection, store.collection)
    fields = [
        {"name": name, "type": field.type, "required": field.required, "choices": list(field.choices)}
        for name, field in store.collection.fields.items()
    ]
    return {"path": shelf.path, "name": shelf.name, "count": count, "fields": fields}


def _shown(record: Record, shelf: Shelf) -> dict[str, Any]:
    values = record.declared(shelf.store.collection.fields)
    return {"id": record.id, "version": record.version, "values": values, "added_at": record.added_at, "changed_at": record.changed_at}
