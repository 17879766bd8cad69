"""Campaigns that are open or closed, and the insertion of their targets."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.campaigns import tables
from connectors.framework.errors import Refused
from connectors.sql.insertion import insert_into

DUPLICATION: Final = "duplication"


@dataclass(frozen=True, slots=True)
class NewTarget:
    """A target as it is inserted; times are epoch ms."""

    medium: str
    campaign: str
    phone_number: str
    priority: int
    start_date: str
    due_at: int
    layout: str | None
    fields: Mapping[str, str]
    interaction_id: str
    flow: str


def now_ms() -> int:
    """Return the clock, epoch ms."""
    return time.time_ns() // 1_000_000


async def refuse_if_closed(connection: AsyncConnection, medium: str, reference: str) -> None:
    """Hold a campaign open until the transaction ends.

    Raises Refused with reason `closed`.
    """
    await _add(connection, tables.campaign, {"medium": medium, "reference": reference})
    # FOR SHARE on PostgreSQL: who closes the campaign waits for us, and others who insert do not.
    wanted = select(tables.campaign.c.closed_at).where(*_is(medium, reference)).with_for_update(read=True)
    if (await connection.execute(wanted)).scalar_one() is not None:
        raise Refused("closed", "The campaign is closed.")


async def add(connection: AsyncConnection, target: NewTarget, *, although_duplicate: bool) -> int:
    """Insert a target and return its id.

    The number's key decides: of two that insert the same number at the same time the second one waits until the first has committed, and
    then finds it there.

    Raises Refused with outcome `duplication` where the campaign has the number, however it came in and whatever has become of it.
    """
    key = {"medium": target.medium, "campaign": target.campaign, "phone_number": target.phone_number}
    if not await _add(connection, tables.number, key) and not although_duplicate:
        raise Refused(DUPLICATION, "The campaign has a target with this number.", outcome=DUPLICATION)
    values = {
        **key,
        "priority": target.priority,
        "start_date": target.start_date,
        "due_at": target.due_at,
        "layout": target.layout,
        "fields": json.dumps(dict(target.fields), ensure_ascii=False),
        "interaction_id": target.interaction_id,
        "flow": target.flow,
        "inserted_at": now_ms(),
        "attempts": 0,
        "leased_until": 0,
    }
    return int((await connection.execute(insert(tables.target).values(values).returning(tables.target.c.id))).scalar_one())


async def set_closed(connection: AsyncConnection, medium: str, reference: str, by: str | None) -> None:
    """Close a campaign in somebody's name, or open it again (None). What is closed keeps when and by whom it was."""
    await _add(connection, tables.campaign, {"medium": medium, "reference": reference})
    change = update(tables.campaign).where(*_is(medium, reference))
    if by is None:
        await connection.execute(change.values(closed_at=None, closed_by=None))
    else:
        await connection.execute(change.where(tables.campaign.c.closed_at.is_(None)).values(closed_at=now_ms(), closed_by=by))


def _is(medium: str, reference: str) -> tuple[Any, Any]:
    return tables.campaign.c.medium == medium, tables.campaign.c.reference == reference


async def _add(connection: AsyncConnection, table: Table, key: Mapping[str, Any]) -> bool:
    """Add a row unless its key is there; returns whether it was not."""
    added = await connection.execute(insert_into(connection, table).values(key).on_conflict_do_nothing().returning(table.c.medium))
    return added.one_or_none() is not None
