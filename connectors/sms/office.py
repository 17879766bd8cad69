"""The staff's view of texts: outgoing interactions and what became of them."""

from pathlib import Path
from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from connectors.office.answering import answered
from connectors.office.office import Office
from connectors.office.paging import LARGEST_PAGE, Limit, Term, cursor, place_of, query_of
from connectors.sms.outgoing import listed
from connectors.sql.database import Database

_PAGE: Final = Path(__file__).parent / "page"
_ROLES: Final = frozenset({"supervisor"})


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    recipient: Term | None = None
    sender: Term | None = None
    status: Term | None = None
    template: Term | None = None
    conversation_id: Term | None = None
    after: Term | None = None
    limit: Limit = LARGEST_PAGE


def mount(office: Office) -> None:
    """Add the page /sms and `GET /api/sms`, for supervisors."""
    database = Database(office.surroundings, "sms")
    office.on_close(database.close)
    office.on_open(database.open)

    async def some(request: web.Request) -> web.StreamResponse:
        """Outgoing interactions, newest first."""
        query = query_of(request, _Query)
        wanted = query.model_dump(exclude={"after", "limit"}, exclude_none=True)
        async with database.reading() as connection:
            rows = await listed(connection, wanted, after=place_of(query.after), limit=query.limit + 1)
        shown = rows[: query.limit]
        following = cursor((shown[-1]["asked_at"], shown[-1]["command_id"])) if len(rows) > query.limit else None
        return answered({"texts": shown, "next": following})

    office.add("GET", "/api/sms", some, _ROLES)
    office.page("/sms", "Texts", _PAGE, _ROLES)
