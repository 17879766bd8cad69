"""The staff's API of cases, and its pages."""

from pathlib import Path
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from connectors.cases import store
from connectors.cases.actor import Actor
from connectors.cases.case import Case
from connectors.cases.case_type import KIND, CaseType
from connectors.cases.listing import Wanted, history_of, interactions_of, listed
from connectors.cases.new_case import NewCase, opened
from connectors.cases.settings import CasesSettings
from connectors.framework.definitions import Definitions
from connectors.framework.errors import Refused
from connectors.framework.fault import Fault, shown
from connectors.office.answering import answered, body_of
from connectors.office.entity_tag import expect, tag_of
from connectors.office.office import Office, staff_of
from connectors.office.paging import LARGEST_PAGE, Limit, Term, cursor, place_of, query_of
from connectors.sql.database import Database

_PAGE: Final = Path(__file__).parent / "page"
_ROLES: Final = frozenset({"cases"})


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Term | None = None
    type: Term | None = None
    status: Term | None = None
    channel: Term | None = None
    account: Term | None = None
    address: Term | None = None
    after: Term | None = None
    limit: Limit = LARGEST_PAGE


class _HistoryQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Term | None = None
    limit: Limit = LARGEST_PAGE


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | None = Field(default=None, max_length=10_000)
    status: str | None = Field(default=None, max_length=10_000)
    fields: dict[str, str] = Field(default_factory=dict, max_length=1_000)


class CasesOffice:
    """Cases, as people and their programs see and change them."""

    def __init__(self, office: Office) -> None:
        """Prepare, and add the routes. Raises SettingsError."""
        self._prefix = office.surroundings.read(CasesSettings).reference_prefix
        self._database = Database(office.surroundings, "cases")
        self._definitions = Definitions(office.surroundings)
        office.on_close(self._database.close)
        office.on_close(self._definitions.close)
        office.on_open(self._database.open)
        office.on_open(self._definitions.open)
        office.add("GET", "/api/case_types", self.types, _ROLES)
        office.add("GET", "/api/cases", self.some, _ROLES)
        office.add("POST", "/api/cases", self.create, _ROLES)
        office.add("GET", "/api/cases/{reference}", self.get, _ROLES)
        office.add("PATCH", "/api/cases/{reference}", self.change, _ROLES)
        office.add("GET", "/api/cases/{reference}/history", self.history, _ROLES)
        office.page("/cases", "Cases", _PAGE, _ROLES)

    async def types(self, _request: web.Request) -> web.StreamResponse:
        """Every case type in service, with its fields."""
        types = [CaseType.of(document) for document in await self._definitions.all_of(KIND)]
        return answered({"types": [{"reference": known.reference, "name": known.name, "fields": _declared(known)} for known in types]})

    async def some(self, request: web.Request) -> web.StreamResponse:
        """A page of cases."""
        query = query_of(request, _Query)
        wanted = Wanted(query.q, query.type, query.status, query.channel, query.account, query.address, place_of(query.after), query.limit)
        async with self._database.reading() as connection:
            cases, place = await listed(connection, wanted)
        return answered({"cases": [_shown(case) for case in cases], "next": place and cursor(place)})

    async def get(self, request: web.Request) -> web.StreamResponse:
        """One case, with the declaration of its fields and the interactions that belong to it."""
        async with self._database.reading() as connection:
            case = await _found(connection, request)
            interactions = await interactions_of(connection, case.id)
        return await self._answer(case, interactions)

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Open a case."""
        given = await body_of(request, NewCase)
        document = await self._definitions.find(KIND, given.type)
        if document is None:
            raise Fault(422, "type", "a case type that is in service", shown(given.type))
        try:
            async with self._database.writing() as connection:
                case = await opened(connection, given, CaseType.of(document), self._prefix, Actor.staff(staff_of(request).name))
        except Refused as refused:
            return _refused(refused)
        response = await self._answer(case, [], status=201)
        response.headers["Location"] = f"/api/cases/{case.reference}"
        return response

    async def change(self, request: web.Request) -> web.StreamResponse:
        """Change a case, if nobody else has since it was read."""
        given = await body_of(request, _Change)
        values = {name: value for name in ("title", "status") if (value := getattr(given, name)) is not None} | given.fields
        async with self._database.reading() as connection:
            case_type = await self._type(await _found(connection, request))
        try:
            checked = case_type.checked(values)
            async with self._database.writing() as connection:
                case = await _found(connection, request, to_change=True)
                expect(request, case.version)
                case = await store.change(connection, case, checked, Actor.staff(staff_of(request).name))
                interactions = await interactions_of(connection, case.id)
        except Refused as refused:
            return _refused(refused)
        return await self._answer(case, interactions)

    async def history(self, request: web.Request) -> web.StreamResponse:
        """A page of what was done to a case."""
        query = query_of(request, _HistoryQuery)
        async with self._database.reading() as connection:
            case = await _found(connection, request)
            entries, place = await history_of(connection, case.id, place_of(query.after), query.limit)
        return answered({"history": entries, "next": place and cursor(place)})

    async def _type(self, case: Case) -> CaseType:
        document = await self._definitions.find(KIND, case.type)
        return CaseType.gone(case.type) if document is None else CaseType.of(document)

    async def _answer(self, case: Case, interactions: list[dict[str, Any]], *, status: int = 200) -> web.Response:
        known = await self._type(case)
        more = {"type_name": known.name, "declared": _declared(known), "interactions": interactions}
        response = answered({**_shown(case), **more}, status=status)
        response.headers["ETag"] = tag_of(case.version)
        return response


def mount(office: Office) -> None:
    """Add cases to the office. Raises SettingsError."""
    CasesOffice(office)


async def _found(connection: Any, request: web.Request, *, to_change: bool = False) -> Case:
    reference = request.match_info["reference"]
    case = await store.by_reference(connection, reference, to_change=to_change)
    if case is None:
        raise Fault(404, "reference", "the reference of a case", shown(reference))
    return case


def _shown(case: Case) -> dict[str, Any]:
    customer = case.customer
    return {
        "id": case.id,
        "reference": case.reference,
        "type": case.type,
        "title": case.title,
        "status": case.status,
        "fields": dict(case.fields),
        "customer": customer and {"channel": customer.channel, "account": customer.account, "address": customer.address},
        "opened_at": case.opened_at,
        "changed_at": case.changed_at,
        "version": case.version,
    }


def _declared(known: CaseType) -> list[dict[str, Any]]:
    fields = known.fields.items()
    return [{"name": name, "type": field.type, "required": field.required, "choices": list(field.choices)} for name, field in fields]


def _refused(refused: Refused) -> web.Response:
    return answered({"error": refused.reason, "detail": refused.detail}, status=409 if refused.reason == "reference_taken" else 422)
