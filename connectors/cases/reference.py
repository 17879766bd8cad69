"""References of cases: readable, in order, each once."""

import re
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.cases.tables import case, counter
from connectors.sql.insertion import insert_into

PATTERN: Final = r"^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$"
"""What a reference that was given elsewhere may look like."""

_OURS: Final = re.compile(r"([A-Z][A-Z0-9]{0,7}-[0-9]{4})-([0-9]{6,12})")


async def next_reference(connection: AsyncConnection, prefix: str, at: int) -> str:
    """Return the next reference of the year (UTC) of a time in epoch ms, such as C-2026-000123.

    Whoever else wants one waits until the transaction has ended, so that none is given twice. A reference that is not used, because
    the transaction failed, is given to the next one.
    """
    series = f"{prefix}-{datetime.fromtimestamp(at / 1000, UTC):%Y}"
    while True:
        reference = f"{series}-{await _raised(connection, series, None):06d}"
        taken = await connection.scalar(select(case.c.id).where(case.c.reference == reference))
        if taken is None:
            return reference


async def reserve(connection: AsyncConnection, reference: str) -> None:
    """Have the counter pass over a reference that comes from elsewhere and looks like one of its own."""
    if (ours := _OURS.fullmatch(reference)) is not None:
        await _raised(connection, ours[1], int(ours[2]))


async def _raised(connection: AsyncConnection, series: str, at_least: int | None) -> int:
    """Return the counter of a series, raised by one, or to `at_least`; its row is locked until the transaction ends."""
    first = insert_into(connection, counter).values(series=series, last=1 if at_least is None else at_least)
    raised = counter.c.last + 1 if at_least is None else func.max(counter.c.last, at_least)
    if at_least is not None and connection.dialect.name == "postgresql":
        raised = func.greatest(counter.c.last, at_least)
    statement = first.on_conflict_do_update(index_elements=[counter.c.series], set_={"last": raised}).returning(counter.c.last)
    return int((await connection.execute(statement)).scalar_one())
