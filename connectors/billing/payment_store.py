"""Payments in SQL: each step of one is a conditional change, so that whoever is second changes nothing."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.billing import invoice_store
from connectors.billing.payment import CANCELLED, CLOSING, ENDED, OPEN, PAID, PROCESSING, STOPPED, SUCCESSFUL, Payment, State
from connectors.billing.tables import event, invoice, payment
from connectors.sql import outbox
from connectors.sql.insertion import insert_into

FAMILY: Final = "billing"
ALREADY_PAID: Final = "already_paid"
EXPIRED: Final = "expired"

_BATCH: Final = 100
_columns = payment.c


class TakesNoMoney(Exception):
    """The payment is over, or its invoice needs no money any more; raised within a transaction, which it rolls back."""


async def by_id(connection: AsyncConnection, identity: str) -> Payment | None:
    """Return a payment by its command's id; None where there is none."""
    return await _one(connection, _columns.id == identity)


async def by_code(connection: AsyncConnection, code: str) -> Payment | None:
    """Return the payment that a link is about; None where there is none."""
    return await _one(connection, _columns.code == code)


async def locked(connection: AsyncConnection, identity: str) -> Payment | None:
    """Return a payment that is to be changed; nobody else changes it, or its invoice, until the transaction's end.

    The invoice is locked first, always: paying one payment ends the others for the same invoice, and two that did so at the same time
    would otherwise wait for each other.
    """
    found = await by_id(connection, identity)
    if found is None:
        return None
    if found.invoice_id is not None:
        await connection.execute(select(invoice.c.id).where(invoice.c.id == found.invoice_id).with_for_update())
    row = (await connection.execute(select(payment).where(_columns.id == identity).with_for_update())).one()
    return Payment.of(row)


async def begin(connection: AsyncConnection, values: Mapping[str, Any]) -> Payment:
    """Add a payment, or return the one that there is by this id."""
    new = insert_into(connection, payment).values(**values, state=OPEN, tries=0, session=0, begun_at=now())
    await connection.execute(new.on_conflict_do_nothing(index_elements=[_columns.id]))
    begun = await by_id(connection, values["id"])
    assert begun is not None, "it has just been added, or was there"
    return begun


async def answered(connection: AsyncConnection, identity: str) -> None:
    """Note that the customer has been given the link."""
    await connection.execute(update(payment).where(_columns.id == identity, _columns.answered_at.is_(None)).values(answered_at=now()))


async def paid(connection: AsyncConnection, found: Payment, settled: Sequence[str], *, taken: bool) -> bool:
    """Note that a payment was paid, its invoice too, have it reported, and end others for the same invoice; False where that was noted.

    `taken` is whether the money has been taken, by a provider; then it is noted whatever the state.

    Raises TakesNoMoney where it has not, and must not be: the payment is over, or the invoice is settled.
    """
    due = found.invoice_id is None or await invoice_store.pay(connection, found.invoice_id, found.id, settled)
    states = (OPEN, CLOSING, PROCESSING, ENDED, CANCELLED) if taken else (OPEN,)
    reason = None if due else "paid_twice"
    if not (due or taken) or not await _step(connection, found, states, PAID, outcome=SUCCESSFUL, reason=reason, ended_at=now()):
        if taken:
            return False
        raise TakesNoMoney
    await _report(connection, found, SUCCESSFUL, reason)
    for other in await _others(connection, found):
        await stop(connection, other, STOPPED, ALREADY_PAID)
    return True


async def failed(connection: AsyncConnection, found: Payment, outcome: str, reason: str | None) -> None:
    """Note that a try to pay failed, and have it reported; the payment ends by it, or its link can be used again."""
    if found.ends_with(outcome):
        await stop(connection, found, outcome, reason)
        return
    values: dict[str, Any] = {"outcome": outcome, "reason": reason, "tries": found.tries + 1}
    if found.state == PROCESSING:  # its page is used up
        values |= {"session_id": None, "session_url": None, "session_expires_at": None}
    if await _step(connection, found, (OPEN, PROCESSING), OPEN, **values):
        await _report(connection, found, outcome, reason)


async def stop(connection: AsyncConnection, found: Payment, outcome: str | None, reason: str | None) -> None:
    """End a payment without money; without an outcome it is called back, and nobody is told.

    Where a provider's page could still take money, it is the provider's word that ends it: see `Watch`.
    """
    if found.by_provider and found.session_id is not None and found.state == OPEN:
        await _step(connection, found, (OPEN,), CLOSING, outcome=outcome, reason=reason)
    else:
        await over(connection, found, outcome, reason)


async def over(connection: AsyncConnection, found: Payment, outcome: str | None, reason: str | None) -> None:
    """End a payment without money for good."""
    state: State = CANCELLED if outcome is None else ENDED
    done = await _step(connection, found, (OPEN, CLOSING, PROCESSING), state, outcome=outcome, reason=reason, ended_at=now())
    if done and outcome is not None:
        await _report(connection, found, outcome, reason)


async def processing(connection: AsyncConnection, found: Payment) -> None:
    """Note that the bank transfers the money."""
    await _step(connection, found, (OPEN, CLOSING), PROCESSING)


async def with_session(connection: AsyncConnection, found: Payment, session: tuple[str, str, int]) -> None:
    """Note the provider's page of a payment, unless it has got another meanwhile, or takes no money any more."""
    session_id, url, expires_at = session
    values = {"session": found.session + 1, "session_id": session_id, "session_url": url, "session_expires_at": expires_at}
    still = (_columns.id == found.id) & (_columns.session == found.session) & (_columns.state == OPEN)
    await connection.execute(update(payment).where(still).values(**values))


async def is_new(connection: AsyncConnection, module: str, event_id: str) -> bool:
    """Note an event of a provider's, and tell whether it was not heeded before."""
    new = insert_into(connection, event).values(module=module, id=event_id, at=now())
    return (await connection.execute(new.on_conflict_do_nothing().returning(event.c.id))).one_or_none() is not None


async def forget_events(connection: AsyncConnection, before: int) -> None:
    """Forget events from before a time; providers tell nothing again that is as old."""
    await connection.execute(delete(event).where(event.c.at < before))


async def closing(connection: AsyncConnection, after: str) -> list[Payment]:
    """Return the next payments, by id, that providers have still to agree to be over."""
    return await _several(connection, (_columns.state == CLOSING) & (_columns.id > after))


async def run_out(connection: AsyncConnection, at: int, grace_ms: int, after: str) -> list[Payment]:
    """Return the next open payments, by id, whose time is over, or whose link nobody was given while somebody awaited it."""
    unanswered = _columns.answered_at.is_(None) & (_columns.answer_until < at - grace_ms)
    return await _several(connection, (_columns.state == OPEN) & or_(_columns.expires_at < at, unanswered) & (_columns.id > after))


def now() -> int:
    """The time, epoch milliseconds."""
    return time.time_ns() // 1_000_000


async def _step(connection: AsyncConnection, found: Payment, states: Sequence[str], to: State, **values: Any) -> bool:
    change = update(payment).where(_columns.id == found.id, _columns.state.in_(states)).values(state=to, **values)
    return (await connection.execute(change)).rowcount == 1


async def _others(connection: AsyncConnection, found: Payment) -> list[Payment]:
    if found.invoice_id is None:
        return []
    return await _several(connection, (_columns.invoice_id == found.invoice_id) & (_columns.id != found.id) & (_columns.state == OPEN))


async def _report(connection: AsyncConnection, found: Payment, outcome: str, reason: str | None) -> None:
    """Have the processor told: as the command's second answer where a flow waits for it, otherwise as what became of it since."""
    at = now()
    datum: dict[str, Any] = {"command_id": found.id, "connector": FAMILY, "outcome": outcome, "reason": reason}
    if found.within_conversation and found.state not in {ENDED, CANCELLED}:
        known = None if found.invoice_id is None else await invoice_store.by_id(connection, found.invoice_id)
        values = {} if known is None else dict(known.values)
        schema, datum = "response", {**datum, "detail": None, "values": values, "answered_at": at}
    else:
        schema, datum = "result_reported", {**datum, "reported_at": at}
    await outbox.add(connection, FAMILY, found.conversation_id, schema, datum)


async def _one(connection: AsyncConnection, condition: Any) -> Payment | None:
    row = (await connection.execute(select(payment).where(condition))).one_or_none()
    return None if row is None else Payment.of(row)


async def _several(connection: AsyncConnection, condition: Any) -> list[Payment]:
    return [Payment.of(row) for row in await connection.execute(select(payment).where(condition).order_by(_columns.id).limit(_BATCH))]
