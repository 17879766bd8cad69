"""SQLite as several processes can share it."""

from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

# Primary result codes (sqlite.org/rescode.html): BUSY, LOCKED, IOERR, FULL, CANTOPEN. They pass, or people mend them.
_PASSING: Final = frozenset({5, 6, 10, 13, 14})


def prepared(engine: Engine) -> None:
    """Have every connection of an engine leave transactions to us, write ahead, and be durable."""
    event.listen(engine, "connect", _prepare)


def is_passing(error: OperationalError) -> bool:
    """Whether SQLite could not do a thing just now, and not whether a statement is wrong."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _PASSING


def _prepare(connection: Any, _record: Any) -> None:
    # Transactions begin where we say so, not where the driver believes that one is wanted.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")  # readers and one writer side by side, over processes
    cursor.execute("PRAGMA synchronous = FULL")  # what was answered is on disk, as with PostgreSQL
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
