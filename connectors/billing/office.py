"""What the staff sees and does: invoices are listed, searched, written and brought in; payments are listed."""

from pathlib import Path
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import and_, or_, select

from connectors.billing import invoice_store
from connectors.billing.invoice import Invoice, email_key_of, key_of
from connectors.billing.money import Money
from connectors.billing.new_invoice import NewInvoice
from connectors.billing.tables import invoice, payment
from connectors.framework.fault import Fault, shown
from connectors.office.answering import answered, body_of
from connectors.office.entity_tag import expect, tag_of
from connectors.office.office import Office
from connectors.office.paging import LARGEST_PAGE, Limit, Term, cursor, place_of, query_of
from connectors.sql.database import Database

LARGEST_IMPORT: Final = 10_000
"""Most invoices that are brought in at once."""

_PAGE: Final = Path(__file__).parent / "office_page"
_ROLES: Final = frozenset({"billing"})


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Term | None = None
    status: Term | None = None
    after: Term | None = None
    limit: Limit = LARGEST_PAGE


class _PaymentsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    invoice: Term | None = None
    state: Term | None = None
    after: Term | None = None
    limit: Limit = LARGEST_PAGE


class _Import(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    invoices: list[dict[str, Any]] = Field(min_length=1, max_length=LARGEST_IMPORT)


class BillingOffice:
    """Invoices and payments."""

    def __init__(self, office: Office) -> None:
        """Prepare, and add the routes. Raises SettingsError."""
        self._database = Database(office.surroundings, "billing")
        office.on_close(self._database.close)
        office.on_open(self._database.open)
        office.add("GET", "/api/invoices", self.some, _ROLES)
        office.add("POST", "/api/invoices", self.create, _ROLES)
        office.add("POST", "/api/invoices/import", self.bring_in, _ROLES)
        office.add("GET", "/api/invoices/{id}", self.get, _ROLES)
        office.add("PUT", "/api/invoices/{id}", self.change, _ROLES)
        office.add("GET", "/api/payments", self.payments, _ROLES)
        office.page("/invoices", "Invoices", _PAGE, _ROLES)

    async def some(self, request: web.Request) -> web.StreamResponse:
        """A page of invoices, the last changed first; `q` is a number, customer number, phone number, e-mail address or part of a name."""
        query = query_of(request, _Query)
        columns = invoice.c
        wanted = select(invoice).order_by(columns.changed_at.desc(), columns.id.desc()).limit(query.limit + 1)
        if query.status:
            wanted = wanted.where(columns.status == query.status)
        if query.q:
            known = (
                columns.number_key == key_of(query.q),
                columns.customer_key == key_of(query.q),
                columns.email_key == email_key_of(query.q),
            )
            phones = (columns.mobile_phone == query.q, columns.landline_phone == query.q)
            wanted = wanted.where(or_(*known, *phones, columns.name.icontains(query.q, autoescape=True)))
        if (place := place_of(query.after)) is not None:
            wanted = wanted.where(or_(columns.changed_at < place[0], and_(columns.changed_at == place[0], columns.id < place[1])))
        async with self._database.reading() as connection:
            rows = list(await connection.execute(wanted))
        last = rows[query.limit - 1] if len(rows) > query.limit else None
        following = None if last is None else cursor((last.changed_at, last.id))
        return answered({"invoices": [_invoice(Invoice.of(row)) for row in rows[: query.limit]], "next": following})

    async def get(self, request: web.Request) -> web.StreamResponse:
        """One invoice."""
        return _answer(await self._found(request))

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Add an invoice."""
        given = await body_of(request, NewInvoice)
        async with self._database.writing() as connection:
            if await invoice_store.by_id(connection, given.identity) is not None:
                raise Fault(409, "id", "one that no invoice has", shown(given.identity))
            await invoice_store.put(connection, [given])
            made = await invoice_store.by_id(connection, given.identity)
        assert made is not None, "it has just been added"
        response = _answer(made, status=201)
        response.headers["Location"] = f"/api/invoices/{made.id}"
        return response

    async def change(self, request: web.Request) -> web.StreamResponse:
        """Replace an invoice, if nobody else has changed it since it was read."""
        given = await body_of(request, NewInvoice)
        identity = request.match_info["id"]
        if given.id not in {None, identity}:
            raise Fault(400, "id", shown(identity), shown(given.id))
        async with self._database.writing() as connection:
            found = await invoice_store.by_id(connection, identity, to_change=True)
            if found is None:
                raise Fault(404, "id", "an invoice that there is", shown(identity))
            expect(request, found.version)
            await invoice_store.put(connection, [given.model_copy(update={"id": identity})])
            changed = await invoice_store.by_id(connection, identity)
        assert changed is not None, "it has just been changed"
        return _answer(changed)

    async def bring_in(self, request: web.Request) -> web.StreamResponse:
        """Add or change many, all of them or none."""
        given = await body_of(request, _Import)
        read = []
        for index, one in enumerate(given.invoices):
            try:
                read.append(NewInvoice.model_validate(one))
            except ValidationError as invalid:
                fault = Fault.of(invalid)
                raise Fault(400, f"invoices.{index}.{fault.where}", fault.expected, fault.found) from None
        async with self._database.writing() as connection:
            added, changed = await invoice_store.put(connection, read)
        return answered({"added": added, "changed": changed})

    async def payments(self, request: web.Request) -> web.StreamResponse:
        """A page of payments, newest first."""
        query = query_of(request, _PaymentsQuery)
        columns = payment.c
        wanted = select(payment).order_by(columns.begun_at.desc(), columns.id.desc()).limit(query.limit + 1)
        if query.invoice:
            wanted = wanted.where(columns.invoice_id == query.invoice)
        if query.state:
            wanted = wanted.where(columns.state == query.state)
        if (place := place_of(query.after)) is not None:
            wanted = wanted.where(or_(columns.begun_at < place[0], and_(columns.begun_at == place[0], columns.id < place[1])))
        async with self._database.reading() as connection:
            rows = list(await connection.execute(wanted))
        last = rows[query.limit - 1] if len(rows) > query.limit else None
        following = None if last is None else cursor((last.begun_at, last.id))
        return answered({"payments": [_payment(row) for row in rows[: query.limit]], "next": following})

    async def _found(self, request: web.Request) -> Invoice:
        identity = request.match_info["id"]
        async with self._database.reading() as connection:
            found = await invoice_store.by_id(connection, identity)
        if found is None:
            raise Fault(404, "id", "an invoice that there is", shown(identity))
        return found


def mount(office: Office) -> None:
    """Add the pages."""
    BillingOffice(office)


def _answer(found: Invoice, *, status: int = 200) -> web.Response:
    response = answered(_invoice(found), status=status)
    response.headers["ETag"] = tag_of(found.version)
    return response


def _invoice(found: Invoice) -> dict[str, Any]:
    return {**found.values, "version": found.version}


def _payment(row: Any) -> dict[str, Any]:
    """Everything of a payment but its link, which would let the staff pay in the customer's name."""
    names = (
        "id", "conversation_id", "module", "provider", "sandbox", "mode", "invoice_id", "currency", "name", "invoice_reference",
        "customer_reference", "state", "outcome", "reason", "begun_at", "expires_at", "ended_at",
    )  # fmt: skip
    return {**{name: getattr(row, name) for name in names}, "amount": Money(row.amount, row.currency).text}
