"""The API of dialers and the staff's page of campaigns."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from connectors.campaigns import leases, listing, store
from connectors.campaigns.campaign import MEDIA, Campaign, kind_of
from connectors.campaigns.export import as_csv, as_json_lines
from connectors.campaigns.layout import KIND as LAYOUT
from connectors.framework.definitions import Definitions
from connectors.framework.fault import Fault, shown
from connectors.framework.spreadsheet import MIME_TYPE as CSV
from connectors.office.answering import answered, body_of
from connectors.office.download import send
from connectors.office.office import Office, staff_of
from connectors.office.paging import LARGEST_PAGE, Limit, Term, cursor, place_of, query_of
from connectors.sql.database import Database

_PAGE: Final = Path(__file__).parent / "page"
_ROLES: Final = frozenset({"campaigns"})
_CAMPAIGN: Final = "/api/campaigns/{medium}/{campaign}"
_LEASE: Final = "/api/campaign_leases/{lease:[A-Za-z0-9_-]+}"
_DAY_SECONDS: Final = 24 * 60 * 60
_LARGEST_ID: Final = 1 << 63

Seconds = Annotated[int, Field(ge=5, le=_DAY_SECONDS)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Change(_Strict):
    closed: bool


class _LeaseRequest(_Strict):
    limit: Limit = 1
    seconds: Seconds = 300


class _Extension(_Strict):
    seconds: Seconds


class _Report(_Strict):
    result: leases.Result
    note: Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")] = ""
    retry_at: int | None = None


class _Query(_Strict):
    state: listing.State | None = None
    result: leases.Result | None = None
    q: Term | None = None
    after: Term | None = None
    limit: Limit = LARGEST_PAGE


class _ExportQuery(_Strict):
    state: listing.State | None = None
    result: leases.Result | None = None
    q: Term | None = None


class CampaignsOffice:
    """Campaigns, as dialers work them and people see them."""

    def __init__(self, office: Office) -> None:
        """Prepare, and add the routes. Raises SettingsError."""
        self._database = Database(office.surroundings, "campaigns")
        self._definitions = Definitions(office.surroundings)
        office.on_close(self._database.close)
        office.on_close(self._definitions.close)
        office.on_open(self._database.open)
        office.on_open(self._definitions.open)
        office.add("GET", "/api/campaigns", self.all, _ROLES)
        office.add("GET", _CAMPAIGN, self.get, _ROLES)
        office.add("PATCH", _CAMPAIGN, self.change, _ROLES)
        office.add("GET", f"{_CAMPAIGN}/targets", self.targets, _ROLES)
        office.add("GET", f"{_CAMPAIGN}/targets.csv", self.csv, _ROLES)
        office.add("GET", f"{_CAMPAIGN}/targets.jsonl", self.json_lines, _ROLES)
        office.add("GET", f"{_CAMPAIGN}/targets/{{target}}/reports", self.reports, _ROLES)
        office.add("POST", f"{_CAMPAIGN}/leases", self.lease, _ROLES)
        office.add("POST", f"{_LEASE}/report", self.report, _ROLES)
        office.add("POST", f"{_LEASE}/extension", self.extend, _ROLES)
        office.add("DELETE", _LEASE, self.give_back, _ROLES)
        office.page("/campaigns", "Campaigns", _PAGE, _ROLES)

    async def all(self, _request: web.Request) -> web.StreamResponse:
        """Every campaign that is in service or has had targets, with its counts."""
        campaigns = {
            (medium, document["reference"]): Campaign.of(medium, document)
            for medium in MEDIA
            for document in await self._definitions.all_of(kind_of(medium))
        }
        async with self._database.reading() as connection:
            counts = await listing.counts(connection)
            closings = await listing.closings(connection)
        keys = sorted({*campaigns, *counts, *(key for key, closing in closings.items() if closing["closed_at"] is not None)})
        return answered({"campaigns": [_shown(key, campaigns.get(key), counts.get(key), closings.get(key)) for key in keys]})

    async def get(self, request: web.Request) -> web.StreamResponse:
        """One campaign."""
        return await self._answer(*await self._found(request))

    async def change(self, request: web.Request) -> web.StreamResponse:
        """Close a campaign, or open it again."""
        wanted = await body_of(request, _Change)
        key, campaign = await self._found(request)
        async with self._database.writing() as connection:
            await store.set_closed(connection, *key, staff_of(request).name if wanted.closed else None)
        return await self._answer(key, campaign)

    async def targets(self, request: web.Request) -> web.StreamResponse:
        """A page of targets, in the order in which they were inserted."""
        query = query_of(request, _Query)
        key, _ = await self._found(request)
        place = place_of(query.after)
        async with self._database.reading() as connection:
            wanted = listing.Filter(*key, query.state, query.result, query.q)
            found = await listing.page_of(connection, wanted, 0 if place is None else place[0], query.limit + 1)
        more = len(found) > query.limit
        found = found[: query.limit]
        return answered({"targets": found, "next": cursor((int(found[-1]["id"]), "")) if more else None})

    async def reports(self, request: web.Request) -> web.StreamResponse:
        """What dialers reported on a target."""
        key, _ = await self._found(request)
        given = request.match_info["target"]
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 20 and int(given) < _LARGEST_ID else 0
        async with self._database.reading() as connection:
            if not await listing.has(connection, *key, number):
                raise Fault(404, "target", "the id of a target of this campaign", shown(given))
            return answered({"reports": await listing.reports_of(connection, number)})

    async def csv(self, request: web.Request) -> web.StreamResponse:
        """Every target as CSV."""
        (medium, campaign), wanted = await self._export(request)
        async with self._database.reading() as connection:
            layouts = await listing.layouts(connection, medium, campaign)
        fields: dict[str, None] = {}
        for layout in layouts:
            document = await self._definitions.find(LAYOUT, layout)
            fields.update(dict.fromkeys(() if document is None else document["fields"]))
        return await send(request, as_csv(listing.all_of(self._database, wanted), list(fields)), CSV, f"{medium}_{campaign}.csv")

    async def json_lines(self, request: web.Request) -> web.StreamResponse:
        """Every target as JSON lines."""
        (medium, campaign), wanted = await self._export(request)
        lines = as_json_lines(listing.all_of(self._database, wanted))
        return await send(request, lines, "application/jsonl", f"{medium}_{campaign}.jsonl")

    async def lease(self, request: web.Request) -> web.StreamResponse:
        """Hand the next targets to the dialer that asks."""
        wanted = await body_of(request, _LeaseRequest)
        key, _ = await self._found(request)
        async with self._database.writing() as connection:
            await store.refuse_if_closed(connection, *key)
            given = await leases.lease_next(connection, *key, limit=wanted.limit, seconds=wanted.seconds, by=staff_of(request).name)
        return answered({"leases": [lease.shown() for lease in given]})

    async def report(self, request: web.Request) -> web.StreamResponse:
        """Take in what became of an attempt."""
        told = await body_of(request, _Report)
        if told.retry_at is not None:
            if told.result not in leases.RETRIED:
                raise Fault(422, "retry_at", f"none with {told.result}, after which nobody is contacted again", shown(told.retry_at))
            # Not from now on: the same report, sent again because its answer was lost, may come after the time that it names.
            if abs(told.retry_at / 1000 - time.time()) > 366 * _DAY_SECONDS:
                raise Fault(422, "retry_at", "epoch milliseconds, within a year of now", shown(told.retry_at))
        async with self._database.writing() as connection:
            report = leases.Report(told.result, told.note, told.retry_at, staff_of(request).name)
            return answered(await leases.report(connection, request.match_info["lease"], report))

    async def extend(self, request: web.Request) -> web.StreamResponse:
        """Let a dialer keep what it has for longer."""
        wanted = await body_of(request, _Extension)
        async with self._database.writing() as connection:
            return answered({"expires_at": await leases.extend(connection, request.match_info["lease"], wanted.seconds)})

    async def give_back(self, request: web.Request) -> web.StreamResponse:
        """Take back a target that was not contacted."""
        async with self._database.writing() as connection:
            await leases.give_back(connection, request.match_info["lease"])
        return answered({})

    async def _found(self, request: web.Request) -> tuple[tuple[str, str], Campaign | None]:
        medium, reference = request.match_info["medium"], request.match_info["campaign"]
        if medium not in MEDIA:
            raise Fault(404, "medium", f"one of {', '.join(MEDIA)}", shown(medium))
        document = await self._definitions.find(kind_of(medium), reference)
        if document is not None:
            return (medium, reference), Campaign.of(medium, document)
        async with self._database.reading() as connection:
            if "\0" in reference or not await listing.is_known(connection, medium, reference):
                raise Fault(404, "campaign", f"the reference of a {medium} campaign", shown(reference))
        return (medium, reference), None

    async def _answer(self, key: tuple[str, str], campaign: Campaign | None) -> web.Response:
        async with self._database.reading() as connection:
            counts = await listing.counts(connection, only=key)
            closings = await listing.closings(connection, only=key)
        return answered(_shown(key, campaign, counts.get(key), closings.get(key)))

    async def _export(self, request: web.Request) -> tuple[tuple[str, str], listing.Filter]:
        query = query_of(request, _ExportQuery)
        key, _ = await self._found(request)
        return key, listing.Filter(*key, query.state, query.result, query.q)


def mount(office: Office) -> None:
    """Add campaigns to the office. Raises SettingsError."""
    CampaignsOffice(office)


def _shown(
    key: tuple[str, str], campaign: Campaign | None, counts: Mapping[str, int] | None, closing: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        "medium": key[0],
        "reference": key[1],
        "name": "" if campaign is None else campaign.name,
        "in_service": campaign is not None,
        "priorities": None if campaign is None else [campaign.lowest_priority, campaign.highest_priority],
        "closed_at": None if closing is None else closing["closed_at"],
        "closed_by": None if closing is None else closing["closed_by"],
        "counts": counts or listing.none_yet(),
    }
