"""Lists of cases: filtered, the newest first, page by page."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.cases import tables
from connectors.cases.case import Case
from connectors.office.paging import LARGEST_PAGE, Place

_EQUAL: Final = ("type", "status", "channel", "account", "address")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases; None is any."""

    text: str | None = None
    """Part of a reference, a title or a customer's address; upper and lower case are the same as far as the store knows."""
    type: str | None = None
    status: str | None = None
    channel: str | None = None
    account: str | None = None
    address: str | None = None
    after: Place | None = None
    """Time of opening and id of the last case of the page before."""
    limit: int = LARGEST_PAGE


async def listed(connection: AsyncConnection, wanted: Wanted) -> tuple[Sequence[Case], Place | None]:
    """Return a page of cases, the latest opened first, and where it ends; None where this is the last page."""
    case = tables.case.c
    conditions: list[ColumnElement[bool]] = [case[name] == value for name in _EQUAL if (value := getattr(wanted, name)) is not None]
    if wanted.text:
        columns = (case.reference, case.title, case.address)
        conditions.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    if wanted.after is not None:
        conditions.append(tuple_(case.opened_at, case.id) < tuple_(*wanted.after))
    query = select(tables.case).where(*conditions).order_by(case.opened_at.desc(), case.id.desc()).limit(wanted.limit + 1)
    cases = [Case.of(row) for row in await connection.execute(query)]
    if len(cases) <= wanted.limit:
        return cases, None
    last = cases[wanted.limit - 1]
    return cases[: wanted.limit], (last.opened_at, last.id)


async def interactions_of(connection: AsyncConnection, case_id: str) -> list[dict[str, Any]]:
    """Return the interactions that belong to a case, the latest first, at most a page of them."""
    link = tables.link.c
    query = select(tables.link).where(link.case_id == case_id).order_by(link.linked_at.desc(), link.interaction_id).limit(LARGEST_PAGE)
    return [{"interaction": row.interaction_id, "at": row.linked_at} for row in await connection.execute(query)]


async def history_of(
    connection: AsyncConnection, case_id: str, after: Place | None, limit: int
) -> tuple[list[dict[str, Any]], Place | None]:
    """Return a page of what was done to a case, the latest first, and where it ends; None where this is the last page."""
    history = tables.history.c
    conditions = [history.case_id == case_id] + ([history.id < after[0]] if after is not None else [])
    rows = (await connection.execute(select(tables.history).where(*conditions).order_by(history.id.desc()).limit(limit + 1))).all()
    return [_entry(row) for row in rows[:limit]], (rows[limit - 1].id, case_id) if len(rows) > limit else None


def _entry(row: Row[Any]) -> dict[str, Any]:
    return {"at": row.at, "who": row.who, "name": row.name, "did": row.did, **json.loads(row.about)}
