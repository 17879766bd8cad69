"""What the staff sees of e-mails: those that flows sent as outgoing interactions, and the outbox of the server for trying out."""

import json
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis
from sqlalchemy import String, and_, cast, or_, select

from connectors.email.foreign_html import foreign_html
from connectors.email.outbox import KeptMessage, Outbox
from connectors.email.settings import EmailSettings
from connectors.email.tables import outgoing_interaction
from connectors.framework.fault import Fault, shown
from connectors.office.answering import answered
from connectors.office.office import Office
from connectors.office.paging import LARGEST_PAGE, Limit, Term, cursor, place_of, query_of
from connectors.sql.database import Database

_PAGES: Final = Path(__file__).parent / "page"
_ROLES: Final = frozenset({"email", "supervisor"})
_EXPLAINED: Final = "an e-mail that there is"

_SUMMARY: Final = (
    "id", "conversation_id", "flow", "action", "queue", "mailbox", "template", "sent_at", "recipients", "accepted", "refused", "unknown",
    "subject",
)  # fmt: skip

_columns = outgoing_interaction.c


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Term | None = None
    queue: Term | None = None
    conversation: Term | None = None
    after: Term | None = None
    limit: Limit = LARGEST_PAGE


class EmailOffice:
    """Outgoing interactions by e-mail."""

    def __init__(self, office: Office) -> None:
        """Prepare, and add the routes. Raises SettingsError."""
        self._database = Database(office.surroundings, "email")
        office.on_close(self._database.close)
        office.on_open(self._database.open)
        office.add("GET", "/api/emails", self.some, _ROLES)
        office.add("GET", "/api/emails/{id}", self.get, _ROLES)
        office.add("GET", "/api/emails/{id}/html", self.html, _ROLES)
        office.page("/emails", "E-mails", _PAGES / "emails", _ROLES)

    async def some(self, request: web.Request) -> web.StreamResponse:
        """A page of them, newest first; `q` looks in subject and recipients."""
        query = query_of(request, _Query)
        wanted = select(outgoing_interaction).order_by(_columns.sent_at.desc(), _columns.id.desc()).limit(query.limit + 1)
        if query.queue:
            wanted = wanted.where(_columns.queue == query.queue)
        if query.conversation:
            wanted = wanted.where(_columns.conversation_id == query.conversation)
        if query.q:
            escaped = json.dumps(query.q)[1:-1]  # as JSON has it
            recipients = cast(_columns.recipients, String).icontains(escaped, autoescape=True)
            wanted = wanted.where(or_(_columns.subject.icontains(query.q, autoescape=True), recipients))
        if (place := place_of(query.after)) is not None:
            wanted = wanted.where(or_(_columns.sent_at < place[0], and_(_columns.sent_at == place[0], _columns.id < place[1])))
        async with self._database.reading() as connection:
            rows = list(await connection.execute(wanted))
        last = rows[query.limit - 1] if len(rows) > query.limit else None
        return answered(
            {
                "emails": [_summary(row) for row in rows[: query.limit]],
                "next": cursor((last.sent_at, last.id)) if last is not None else None,
            }
        )

    async def get(self, request: web.Request) -> web.StreamResponse:
        """One of them."""
        row = await self._found(request)
        return answered({**_summary(row), "text": row.text, "html": row.html is not None, "message_id": row.message_id})

    async def html(self, request: web.Request) -> web.StreamResponse:
        """Its HTML, for an iframe."""
        return foreign_html((await self._found(request)).html or "")

    async def _found(self, request: web.Request) -> Any:
        identity = request.match_info["id"]
        async with self._database.reading() as connection:
            row = (await connection.execute(select(outgoing_interaction).where(_columns.id == identity))).one_or_none()
        if row is None:
            raise Fault(404, "id", _EXPLAINED, shown(identity))
        return row


class OutboxOffice:
    """The messages of the server for trying out."""

    def __init__(self, office: Office, settings: EmailSettings) -> None:
        """Prepare, and add the routes."""
        deployment = office.surroundings.deployment
        redis = Redis.from_url(deployment.redis_url)
        self._outbox = Outbox(redis, deployment.topic_prefix, settings.outbox_messages)
        office.on_close(redis.aclose)
        office.add("GET", "/api/outbox", self.some)
        office.add("DELETE", "/api/outbox", self.clear)
        office.add("GET", "/api/outbox/{id}", self.get)
        office.add("GET", "/api/outbox/{id}/html", self.html)
        office.page("/outbox", "Outbox", _PAGES / "outbox")

    async def some(self, _request: web.Request) -> web.StreamResponse:
        """All messages, newest first."""
        messages = await self._outbox.messages()
        return answered({"messages": [{"id": kept.id, "at": kept.at, "to": kept.recipients, "subject": kept.subject} for kept in messages]})

    async def get(self, request: web.Request) -> web.StreamResponse:
        """One of them."""
        kept = await self._found(request)
        document = {"id": kept.id, "at": kept.at, "sender": kept.sender, "to": kept.recipients, "subject": kept.subject}
        return answered({**document, "headers": kept.headers, "text": kept.text, "html": kept.html is not None})

    async def html(self, request: web.Request) -> web.StreamResponse:
        """Its HTML, for an iframe."""
        return foreign_html((await self._found(request)).html or "")

    async def clear(self, _request: web.Request) -> web.StreamResponse:
        """Forget all."""
        await self._outbox.clear()
        return answered({})

    async def _found(self, request: web.Request) -> KeptMessage:
        identity = request.match_info["id"]
        kept = await self._outbox.find(int(identity)) if identity.isascii() and identity.isdigit() and len(identity) < 16 else None
        if kept is None:
            raise Fault(404, "id", "a message that is kept", shown(identity))
        return kept


def mount(office: Office) -> None:
    """Add the pages."""
    EmailOffice(office)
    settings = office.surroundings.read(EmailSettings)
    if settings.outbox:
        OutboxOffice(office, settings)


def _summary(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _SUMMARY}
