"""Tasks in the store, each on a connection of the caller's, whose transaction it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import ColumnElement, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.office.paging import LARGEST_PAGE, Place
from connectors.tasks import tables
from connectors.tasks.task import Task

State = Literal["open", "overdue", "waiting", "done"]

_DONE: Final = "done"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks, at which time in epoch milliseconds; None is any, of the state: any that is not done."""

    now: int
    state: State | None = None
    category: str | None = None
    text: str | None = None
    """Part of a name, a customer's address or an id in Salesforce; upper and lower case are the same as far as the store knows."""
    after: Place | None = None
    limit: int = LARGEST_PAGE


async def add(connection: AsyncConnection, task: Task) -> None:
    """Keep a new task."""
    await connection.execute(insert(tables.task).values(**task.row))


async def by_id(connection: AsyncConnection, identity: str, *, to_change: bool = False) -> Task | None:
    """Return a task; `to_change`: nobody else changes it until the transaction has ended."""
    if "\0" in identity:  # PostgreSQL takes no such text, not even to say that there is none
        return None
    wanted = select(tables.task).where(tables.task.c.id == identity)
    row = (await connection.execute(wanted.with_for_update() if to_change else wanted)).one_or_none()
    return None if row is None else Task.of(row)


async def replace(connection: AsyncConnection, task: Task) -> None:
    """Keep a task as it is now, in place of how it was."""
    await connection.execute(update(tables.task).where(tables.task.c.id == task.id).values(**task.row))


async def listed(connection: AsyncConnection, wanted: Wanted) -> tuple[Sequence[Task], Place | None]:
    """Return a page of tasks and where it ends; None where this is the last page.

    Done ones come in the order in which they were done, the latest first; the others by when they are due, those without an end last.
    The place is kept by what the tasks hold, not by counting (keyset paging).
    """
    now, state, limit = wanted.now, wanted.state, wanted.limit
    task = tables.task.c
    conditions: list[ColumnElement[bool]] = [task.done_at.is_not(None) if state == _DONE else task.done_at.is_(None)]
    match state:
        case "overdue":
            conditions.append(task.end_at < now)
        case "waiting":
            conditions += [task.start_at > now, or_(task.end_at.is_(None), task.end_at >= now)]
        case "open":
            conditions += [or_(task.start_at.is_(None), task.start_at <= now), or_(task.end_at.is_(None), task.end_at >= now)]
        case _:
            pass
    if wanted.category is not None:
        conditions.append(task.category == wanted.category)
    if wanted.text:
        conditions.append(
            or_(*(column.icontains(wanted.text, autoescape=True) for column in (task.name, task.address, task.salesforce_id)))
        )
    order = task.done_at if state == _DONE else task.due
    if wanted.after is not None:
        here = tuple_(order, task.id)
        conditions.append(here < tuple_(*wanted.after) if state == _DONE else here > tuple_(*wanted.after))
    query = select(tables.task).where(*conditions)
    query = query.order_by(order.desc(), task.id.desc()) if state == _DONE else query.order_by(order, task.id)
    tasks = [Task.of(row) for row in await connection.execute(query.limit(limit + 1))]
    if len(tasks) <= limit:
        return tasks, None
    last = tasks[limit - 1]
    return tasks[:limit], (last.due if last.done_at is None else last.done_at, last.id)
