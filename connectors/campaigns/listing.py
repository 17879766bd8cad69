"""Targets as people look at them and programs export them."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.campaigns import tables
from connectors.campaigns.leases import RESULTS, Result
from connectors.campaigns.store import now_ms
from connectors.sql.database import Database

State = Literal["waiting", "due", "leased", "finished"]
"""`waiting`: its time has not come; `due`: the next dialer gets it; `leased`: one has it."""

Key = tuple[str, str]
"""Medium and reference of a campaign."""

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """Which targets of a campaign are wanted; `text` is found in the phone number and in the fields."""

    medium: str
    campaign: str
    state: State | None = None
    result: Result | None = None
    text: str | None = None

    def condition(self, now: int) -> ColumnElement[bool]:
        """Return it for SQL, as it is at a time, epoch ms."""
        target = tables.target.c
        wanted = [target.medium == self.medium, target.campaign == self.campaign]
        if self.state is not None:
            wanted.append(_state_at(now) == self.state)
        if self.result is not None:
            wanted.append(target.result == self.result)
        if self.text:
            wanted.append(
                or_(target.phone_number.contains(self.text, autoescape=True), target.fields.icontains(self.text, autoescape=True))
            )
        return and_(*wanted)


async def page_of(connection: AsyncConnection, wanted: Filter, after: int, limit: int) -> list[dict[str, Any]]:
    """Return targets whose id is above `after`, in the order in which they were inserted."""
    now = now_ms()
    query = select(tables.target, _state_at(now).label("state")).where(wanted.condition(now), tables.target.c.id > after)
    return [_shown(row) for row in await connection.execute(query.order_by(tables.target.c.id).limit(limit))]


async def all_of(database: Database, wanted: Filter) -> AsyncIterator[dict[str, Any]]:
    """Give every target, a batch at a time: no transaction is open while the reader takes its time."""
    after = 0
    while True:
        async with database.reading() as connection:
            rows = await page_of(connection, wanted, after, _BATCH)
        for row in rows:
            yield row
        if len(rows) < _BATCH:
            return
        after = int(rows[-1]["id"])


async def counts(connection: AsyncConnection, *, only: Key | None = None) -> dict[Key, dict[str, int]]:
    """Return how many targets each campaign has, by state and by final result."""
    target = tables.target.c
    kind = case((target.result.is_not(None), target.result), else_=_state_at(now_ms())).label("kind")
    query = select(target.medium, target.campaign, kind, func.count().label("number")).group_by(target.medium, target.campaign, kind)
    if only is not None:
        query = query.where(target.medium == only[0], target.campaign == only[1])
    found: dict[Key, dict[str, int]] = {}
    for row in await connection.execute(query):
        found.setdefault((row.medium, row.campaign), none_yet())[row.kind] += row.number
    return found


def none_yet() -> dict[str, int]:
    """Return the counts of a campaign without targets."""
    return dict.fromkeys(("waiting", "due", "leased", *RESULTS), 0)


async def closings(connection: AsyncConnection, *, only: Key | None = None) -> dict[Key, Mapping[str, Any]]:
    """Return for each campaign that has had targets or was closed when and by whom it was closed; None and None where it is open."""
    query = select(tables.campaign)
    if only is not None:
        query = query.where(tables.campaign.c.medium == only[0], tables.campaign.c.reference == only[1])
    rows = await connection.execute(query)
    return {(row.medium, row.reference): {"closed_at": row.closed_at, "closed_by": row.closed_by} for row in rows}


async def is_known(connection: AsyncConnection, medium: str, campaign: str) -> bool:
    """Whether a campaign has had targets, or was closed once."""
    return bool(await closings(connection, only=(medium, campaign)))


async def layouts(connection: AsyncConnection, medium: str, campaign: str) -> list[str]:
    """Return the layouts that a campaign's targets follow."""
    target = tables.target.c
    query = select(target.layout).distinct().where(target.medium == medium, target.campaign == campaign, target.layout.is_not(None))
    return sorted((await connection.execute(query)).scalars())


async def has(connection: AsyncConnection, medium: str, campaign: str, target_id: int) -> bool:
    """Whether a campaign has a target."""
    target = tables.target.c
    query = select(target.id).where(target.id == target_id, target.medium == medium, target.campaign == campaign)
    return (await connection.execute(query)).one_or_none() is not None


async def reports_of(connection: AsyncConnection, target_id: int) -> list[dict[str, Any]]:
    """Return what was reported on a target, oldest first."""
    query = select(tables.report).where(tables.report.c.target_id == target_id).order_by(tables.report.c.reported_at)
    columns = ("result", "note", "retry_at", "reported_at", "reported_by")
    return [{name: getattr(row, name) for name in columns} for row in await connection.execute(query)]


def _state_at(now: int) -> ColumnElement[str]:
    target = tables.target.c
    return case(
        (target.result.is_not(None), "finished"), (target.leased_until > now, "leased"), (target.due_at > now, "waiting"), else_="due"
    )


def _shown(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "phone_number": row.phone_number,
        "state": row.state,
        "result": row.result,
        "priority": row.priority,
        "start_date": row.start_date,
        "due_at": row.due_at,
        "attempts": row.attempts,
        "leased_by": row.leased_by if row.state == "leased" else None,
        "leased_until": row.leased_until if row.state == "leased" else None,
        "finished_at": row.finished_at,
        "inserted_at": row.inserted_at,
        "layout": row.layout,
        "fields": json.loads(row.fields),
        "interaction_id": row.interaction_id,
        "flow": row.flow,
    }
