"""The SQL store as one family uses it."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, delete, insert, select, true
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from connectors.framework.context import Context
from connectors.framework.errors import StoreAway
from connectors.framework.outcome import UNKNOWN, Outcome
from connectors.framework.surroundings import Surroundings
from connectors.sql.migration import migrate
from connectors.sql.settings import SQLITE, SqlSettings
from connectors.sql.sqlite import LOCK_SECONDS, begin, is_passing, prepared
from connectors.sql.tables import executed

_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
# A server that is gone without a word, such as after a failover, is noticed within half a minute (libpq, parameter key words).
_POSTGRESQL: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
# Serialization failure, deadlock, lock timeout (PostgreSQL, appendix A): another try may do.
_PASSING: Final = frozenset({"40001", "40P01", "55P03", "57014"})

_KEPT: Final = 5
"""So many times as long as its id is known in Redis is it kept what a command has done: dead letters can be sent again for a month."""

_ALL: Final = true()

_FORGET_SECONDS: Final = 60.0
_FORGOTTEN_AT_ONCE: Final = 10_000

Work = Callable[[AsyncConnection], Awaitable[Outcome]]


class Database:
    """Connections to the store. On SQLite writers come one after the other; on PostgreSQL transactions are READ COMMITTED."""

    def __init__(self, surroundings: Surroundings, family: str) -> None:
        """Prepare; nothing is connected yet.

        Raises SettingsError where the store's address cannot be used.
        """
        settings = surroundings.read(SqlSettings)
        self.family = family
        url = make_url(settings.url.get_secret_value())
        self._sqlite = url.drivername == SQLITE
        more: dict[str, Any] = (
            {"connect_args": {"timeout": LOCK_SECONDS}}
            if self._sqlite
            else {"connect_args": _POSTGRESQL, "pool_size": settings.pool_size, "pool_pre_ping": True}
        )
        self.engine: Final[AsyncEngine] = create_async_engine(url.set(drivername=_DRIVERS[url.drivername]), hide_parameters=True, **more)
        if self._sqlite:
            prepared(self.engine.sync_engine)
        self._kept_ms = int(surroundings.settings.record_expiry_seconds * 1000) * _KEPT
        self._forget_at: dict[str, float] = {}
        self._opening = asyncio.Lock()
        self._is_open = False
        # SQLite has one writer at a time, and who finds it busy looks again now and then: in one process, waiting in turn is far quicker.
        self._turn: AbstractAsyncContextManager[Any] = asyncio.Lock() if self._sqlite else nullcontext()

    async def open(self) -> None:
        """Connect, and bring the family's tables to their newest form.

        Raises StoreAway where the store does not answer.
        """
        with _answering():
            await asyncio.to_thread(migrate, self.engine.url, self.family)

    async def ready(self) -> None:
        """Open where it is not open yet: for the gateway, which a store that is away must not keep from serving others.

        Raises StoreAway where the store does not answer; it can be called again.
        """
        async with self._opening:
            if not self._is_open:
                await self.open()
                self._is_open = True

    async def close(self) -> None:
        """Disconnect."""
        await self.engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection to read with.

        Raises StoreAway where the store does not answer.
        """
        with _answering():
            async with self.engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction, which is committed at the end and rolled back where something is raised.

        Raises StoreAway where the store does not answer, or others are in the way for too long.
        """
        with _answering():
            async with self._turn, self.engine.connect() as connection:
                if self._sqlite:
                    await begin(connection)
                else:
                    await connection.begin()
                try:
                    yield connection
                except BaseException:
                    await connection.rollback()
                    raise
                await connection.commit()

    async def once(self, context: Context, work: Work) -> Outcome:
        """Do a command's work and note that it is done, in one transaction; a command that was done before only gets its outcome again.

        What the work raises rolls both back. Raises StoreAway where the store does not answer, with outcome `unknown` where it was to
        commit.
        """
        await self.forget(executed.c.command_id, executed.c.executed_at, executed.c.family == self.family)
        outcome: Outcome | None = None
        try:
            async with self.writing() as connection:
                outcome = await self._recorded(connection, context) or await self._done(connection, context, work)
        except StoreAway as away:
            if outcome is not None:
                away.outcome = UNKNOWN
            raise
        except IntegrityError as error:
            # Another connector, which took us for dead, was faster; or the work itself met a constraint that it does not expect.
            if (recorded := await self.recorded(context)) is not None:
                return recorded
            raise error from None
        return outcome

    async def recorded(self, context: Context) -> Outcome | None:
        """Return the outcome of a command that `once` has done; None where it has not.

        Raises StoreAway where the store does not answer.
        """
        async with self.reading() as connection:
            return await self._recorded(connection, context)

    async def forget(self, key: Column[str], noted_at: Column[int], rows: ColumnElement[bool] = _ALL) -> None:
        """Delete now and then what was noted of commands so long ago that nobody can command them again.

        Args:
            key: a command's id in the table where it is noted.
            noted_at: when that was, epoch ms.
            rows: which of the table's rows are meant.

        Raises StoreAway where the store does not answer.
        """
        now, table = time.monotonic(), key.table
        if now < self._forget_at.get(table.name, 0.0):
            return
        self._forget_at[table.name] = now + _FORGET_SECONDS
        old = select(key).where(rows, noted_at < time.time_ns() // 1_000_000 - self._kept_ms).limit(_FORGOTTEN_AT_ONCE)
        async with self.writing() as connection:
            await connection.execute(delete(table).where(rows, key.in_(old)))

    async def _recorded(self, connection: AsyncConnection, context: Context) -> Outcome | None:
        wanted = select(executed).where(executed.c.family == self.family, executed.c.command_id == context.command_id)
        found = (await connection.execute(wanted)).one_or_none()
        return None if found is None else Outcome(found.outcome, found.reason, found.detail, found.results)

    async def _done(self, connection: AsyncConnection, context: Context, work: Work) -> Outcome:
        outcome = await work(connection)
        await connection.execute(
            insert(executed).values(
                family=self.family,
                command_id=context.command_id,
                outcome=outcome.outcome,
                reason=outcome.reason,
                detail=outcome.detail,
                results=dict(outcome.values),
                executed_at=time.time_ns() // 1_000_000,
            )
        )
        return outcome


@asynccontextmanager
async def opened(surroundings: Surroundings, family: str) -> AsyncIterator[Database]:
    """Give an open database, closed at the end: for commands and tests."""
    database = Database(surroundings, family)
    try:
        await database.open()
        yield database
    finally:
        await database.close()


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what says that the store does not answer into StoreAway; a statement that is wrong stays a fault of ours."""
    try:
        yield
    except (PoolTimeout, InterfaceError, OSError) as error:
        raise StoreAway("The SQL store does not answer.") from error
    except DBAPIError as error:
        if _is_passing(error):
            raise StoreAway("The SQL store could not finish a transaction.") from error
        raise


def _is_passing(error: DBAPIError) -> bool:
    if isinstance(error, OperationalError) and not isinstance(error.orig, sqlite3.Error):
        return True  # psycopg's: connections lost or refused, locks, time-outs
    if isinstance(error, OperationalError) and is_passing(error):
        return True
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _PASSING


def storable(text: str) -> str:
    """Return a text as the store can keep it: PostgreSQL's texts have no NUL."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
