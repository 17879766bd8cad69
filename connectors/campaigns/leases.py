"""Targets handed to dialers: each to one at a time, and to another one where the first is not heard of again."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlalchemy import Row, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.campaigns import tables
from connectors.campaigns.store import now_ms
from connectors.framework.errors import Refused

Result = Literal["answered", "refused", "no_answer", "busy", "failed", "invalid_number", "done"]
"""What became of an attempt. `refused`: the customer does not want to be contacted; `done`: finished for any other reason."""

RESULTS: Final[tuple[Result, ...]] = get_args(Result)
RETRIED: Final[frozenset[Result]] = frozenset({"no_answer", "busy", "failed"})
"""Results after which there may be another try."""

_LEASE_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class Lease:
    """A target that one dialer has until a time (epoch ms)."""

    lease: str
    expires_at: int
    target: Row[Any]

    def shown(self) -> dict[str, Any]:
        """Return it as the API tells it."""
        return {"lease": self.lease, "expires_at": self.expires_at, "target": shown(self.target)}


@dataclass(frozen=True, slots=True)
class Report:
    """What a dialer says of its attempt; `retry_at`, epoch ms, has the target contacted again from then on."""

    result: Result
    note: str
    retry_at: int | None
    by: str


def shown(target: Row[Any]) -> dict[str, Any]:
    """Return a target as dialers see it."""
    return {
        "id": str(target.id),
        "phone_number": target.phone_number,
        "priority": target.priority,
        "start_date": target.start_date,
        "due_at": target.due_at,
        "layout": target.layout,
        "fields": json.loads(target.fields),
        "attempts": target.attempts,
    }


async def lease_next(connection: AsyncConnection, medium: str, campaign: str, *, limit: int, seconds: int, by: str) -> list[Lease]:
    """Give the next targets of a campaign to a dialer: lowest priority first, then those that have been due for longest.

    Rows that another dialer's transaction is taking right now are passed over (SKIP LOCKED, PostgreSQL); on SQLite writers take turns.
    """
    now = now_ms()
    target = tables.target.c
    next_ones = (
        select(tables.target)
        .where(
            target.medium == medium,
            target.campaign == campaign,
            target.result.is_(None),
            target.due_at <= now,
            target.leased_until <= now,
        )
        .order_by(target.priority, target.due_at, target.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await connection.execute(next_ones)).all()
    leases = [Lease(secrets.token_urlsafe(_LEASE_BYTES), now + seconds * 1000, row) for row in rows]
    for given in leases:
        change = update(tables.target).where(target.id == given.target.id)
        await connection.execute(change.values(lease=given.lease, leased_by=by, leased_until=given.expires_at))
    return leases


async def report(connection: AsyncConnection, lease: str, told: Report) -> Mapping[str, Any]:
    """Note what became of an attempt, and return the target's state. The same report again, of one that got no answer, changes nothing.

    Raises Refused with reason `lease_lost` where another has the target by now, or something else was reported.
    """
    target = await _leased(connection, lease)
    if target is None:
        return await _reported(connection, lease, told)
    now = now_ms()
    row = {"target_id": target.id, "result": told.result, "note": told.note, "retry_at": told.retry_at}
    await connection.execute(insert(tables.report).values(lease=lease, reported_at=now, reported_by=told.by, **row))
    state: dict[str, Any] = {"attempts": target.attempts + 1, "lease": None, "leased_by": None, "leased_until": 0}
    if told.retry_at is None:
        state.update(result=told.result, finished_at=now)
    else:
        state.update(due_at=told.retry_at)
    await connection.execute(update(tables.target).where(tables.target.c.id == target.id).values(state))
    return _state(target.id, told.result, told.retry_at)


async def extend(connection: AsyncConnection, lease: str, seconds: int) -> int:
    """Have a lease expire so many seconds from now, and return when that is. Raises Refused with reason `lease_lost`."""
    expires_at = now_ms() + seconds * 1000
    await _change(connection, lease, leased_until=expires_at)
    return expires_at


async def give_back(connection: AsyncConnection, lease: str) -> None:
    """Have a target handed out again at once: it was not contacted. Raises Refused with reason `lease_lost`."""
    await _change(connection, lease, lease=None, leased_by=None, leased_until=0)


async def _change(connection: AsyncConnection, held: str, **values: Any) -> None:
    changed = await connection.execute(update(tables.target).where(tables.target.c.lease == held).values(values))
    if changed.rowcount == 0:
        raise _lost()


async def _leased(connection: AsyncConnection, lease: str) -> Row[Any] | None:
    """Return the target that a lease is for, as long as nobody else has taken it; a late dialer is heard, its work is not lost."""
    return (await connection.execute(select(tables.target).where(tables.target.c.lease == lease).with_for_update())).one_or_none()


async def _reported(connection: AsyncConnection, lease: str, told: Report) -> Mapping[str, Any]:
    same = and_(
        tables.report.c.lease == lease,
        tables.report.c.result == told.result,
        tables.report.c.note == told.note,
        tables.report.c.retry_at.is_not_distinct_from(told.retry_at),
    )
    found = (await connection.execute(select(tables.report.c.target_id).where(same))).one_or_none()
    if found is None:
        raise _lost()
    return _state(found.target_id, told.result, told.retry_at)


def _state(target_id: int, result: Result, retry_at: int | None) -> Mapping[str, Any]:
    return {"id": str(target_id), "result": result, "finished": retry_at is None, "retry_at": retry_at}


def _lost() -> Refused:
    return Refused("lease_lost", "Expected a lease that is held; this one was reported on, given back, or has expired and gone to another.")
