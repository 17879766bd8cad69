"""Invoices in SQL: found by what a customer knows of them, added, changed, marked as paid."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.billing.invoice import PAID, Invoice, email_key_of, key_of
from connectors.billing.new_invoice import NewInvoice
from connectors.billing.tables import invoice
from connectors.framework.errors import Refused

_columns = invoice.c


async def find(connection: AsyncConnection, identifier: str, value: str, selection: str) -> Invoice | None:
    """Return the oldest or the most recent invoice, by date of issue, of those that a value identifies; None where there is none.

    Numbers are found however they are punctuated, unless that would confuse two of them. Invoices without a date of issue come last.
    Raises Refused for an identifier or a selection that there is not.
    """
    if selection not in {"oldest", "most_recent"}:
        raise Refused("wrong_type", "Expected to select the oldest or the most_recent.")
    if "\0" in value:
        return None
    order = [column.desc() if selection == "most_recent" else column for column in (_columns.issued_on, _columns.number, _columns.id)]
    for condition in await _conditions(connection, identifier, value):
        wanted = select(invoice).where(condition).order_by(_columns.issued_on.is_(None), *order).limit(1)
        if (row := (await connection.execute(wanted)).one_or_none()) is not None:
            return Invoice.of(row)
    return None


async def by_id(connection: AsyncConnection, identity: str, *, to_change: bool = False) -> Invoice | None:
    """Return an invoice, which nobody else changes meanwhile where it is `to_change`; None where there is none."""
    wanted = select(invoice).where(_columns.id == identity)
    row = (await connection.execute(wanted.with_for_update() if to_change else wanted)).one_or_none()
    return None if row is None else Invoice.of(row)


async def put(connection: AsyncConnection, given: Iterable[NewInvoice]) -> tuple[int, int]:
    """Add invoices, or change those that are there, by id; returns how many of each. Nothing makes one unpaid that a payment paid."""
    added = changed = 0
    for one in given:
        values = {**_row(one), "changed_at": _now()}
        wanted = select(_columns.paid_by, _columns.version).where(_columns.id == one.identity).with_for_update()
        known = (await connection.execute(wanted)).one_or_none()
        if known is None:
            await connection.execute(insert(invoice).values(**values, id=one.identity, version=1))
            added += 1
        else:
            kept = {"status": PAID} if known.paid_by is not None else {}
            change = {**values, **kept, "version": known.version + 1}
            await connection.execute(update(invoice).where(_columns.id == one.identity).values(**change))
            changed += 1
    return added, changed


async def pay(connection: AsyncConnection, identity: str, payment_id: str, settled: Sequence[str]) -> bool:
    """Mark an invoice as paid by a payment, and tell whether it was still to be paid."""
    unpaid = (_columns.id == identity) & _columns.paid_by.is_(None) & _columns.status.not_in(settled)
    values: Mapping[str, Any] = {"status": PAID, "paid_by": payment_id, "version": _columns.version + 1, "changed_at": _now()}
    return (await connection.execute(update(invoice).where(unpaid).values(**values))).rowcount == 1


async def _conditions(connection: AsyncConnection, identifier: str, value: str) -> Sequence[ColumnElement[bool]]:
    """Return by what an invoice may be found; the first condition that finds one decides."""
    match identifier:
        case "invoice_id":
            return [_columns.id == value]
        case "invoice_number":
            return await _numbered(connection, _columns.number, _columns.number_key, value)
        case "customer_number":
            return await _numbered(connection, _columns.customer_number, _columns.customer_key, value)
        case "mobile_phone_number":
            return [_columns.mobile_phone == value]
        case "landline_number":
            return [_columns.landline_phone == value]
        case "email_address":
            return [_columns.email_key == email_key_of(value)]
        case _:
            raise Refused("wrong_type", "Expected an identifier of invoices.")


async def _numbered(
    connection: AsyncConnection, written: ColumnElement[Any], key: ColumnElement[Any], value: str
) -> Sequence[ColumnElement[bool]]:
    exact = written == value.strip()
    if not key_of(value):
        return [exact]
    similar = (await connection.execute(select(written).where(key == key_of(value)).distinct().limit(2))).all()
    return [exact, key == key_of(value)] if len(similar) == 1 else [exact]


def _row(given: NewInvoice) -> dict[str, Any]:
    return {
        "number": given.number,
        "number_key": key_of(given.number),
        "amount": given.money.amount,
        "currency": given.currency,
        "customer_number": given.customer_number,
        "customer_key": None if given.customer_number is None else key_of(given.customer_number),
        "name": given.name,
        "email": given.email,
        "email_key": None if given.email is None else email_key_of(given.email),
        "mobile_phone": given.mobile_phone,
        "landline_phone": given.landline_phone,
        "issued_on": None if given.issued_on is None else given.issued_on.isoformat(),
        "due_on": None if given.due_on is None else given.due_on.isoformat(),
        "status": given.status,
    }


def _now() -> int:
    return time.time_ns() // 1_000_000
