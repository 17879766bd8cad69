"""SQLite as several processes can share it."""

import time
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

LOCK_SECONDS: Final = 10.0
"""How long others may be in the way."""

_LOOK_MS: Final = 100
_BUSY: Final = 5
# Primary result codes (sqlite.org/rescode.html): BUSY, LOCKED, IOERR, FULL, CANTOPEN. They pass, or people mend them.
_PASSING: Final = frozenset({5, 6, 10, 13, 14})


def prepared(engine: Engine) -> None:
    """Have every connection of an engine leave transactions to us, write ahead, and be durable."""
    event.listen(engine, "connect", _prepare)


async def begin(connection: AsyncConnection) -> None:
    """Begin to write, once no other process does.

    From the beginning: a reader that wants to write only later would find the lock taken, without waiting. And in steps: SQLite waits in a
    thread that cannot be interrupted, so that who is cancelled would leave it behind, and the closing of its connection with it.

    Raises OperationalError where others are in the way for longer than LOCK_SECONDS.
    """
    await connection.exec_driver_sql(f"PRAGMA busy_timeout = {_LOOK_MS}")
    last = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            if _code(error) != _BUSY or time.monotonic() > last:
                raise
        else:
            break
    await connection.exec_driver_sql(f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000:.0f}")


def is_passing(error: OperationalError) -> bool:
    """Whether SQLite could not do a thing just now, and not whether a statement is wrong."""
    return _code(error) in _PASSING


def _code(error: OperationalError) -> int:
    return int(getattr(error.orig, "sqlite_errorcode", 0)) & 0xFF


def _prepare(connection: Any, _record: Any) -> None:
    # Transactions begin where we say so, not where the driver believes that one is wanted.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")  # readers and one writer side by side, over processes
    cursor.execute("PRAGMA synchronous = FULL")  # what was answered is on disk, as with PostgreSQL
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
