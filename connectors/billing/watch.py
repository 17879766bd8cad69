"""Looks for payments whose time is over, and has providers' pages closed."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.billing import payment_store
from connectors.billing.payment import STOPPED, Payment
from connectors.billing.payment_store import EXPIRED
from connectors.billing.providers import Providers
from connectors.billing.settings import BillingSettings
from connectors.framework.ending import end
from connectors.framework.errors import CommandFailed, Retry
from connectors.framework.repetition import repeat
from connectors.sql.database import Database

_GRACE_MS: Final = 5_000
"""So long after its deadline a payment whose link nobody was given is called back: its connector may be about to give it away."""

_EVENTS_MS: Final = 30 * 24 * 60 * 60 * 1_000
_LONGEST_PAUSE_SECONDS: Final = 5.0

logger = logging.getLogger(__name__)


class Watch:
    """A task beside the connector. Several of them do no harm: each step is a conditional change."""

    def __init__(self, database: Database, providers: Providers, settings: BillingSettings) -> None:
        self._database = database
        self._providers = providers
        self._seconds = settings.look_seconds
        self._watching: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin."""
        self._watching = repeat(self._look_and_rest, longest_pause_seconds=_LONGEST_PAUSE_SECONDS)

    async def close(self) -> None:
        """Stop."""
        await end(self._watching)

    async def look(self) -> None:
        """End what has run out, and close what is to be closed.

        Raises Retry where the store does not answer; a provider that does not answer is asked again with the next look.
        """
        at = payment_store.now()
        async for payment in self._all(lambda connection, after: payment_store.run_out(connection, at, _GRACE_MS, after)):
            with _by_itself(payment):
                await self._run_out(payment)
        away: set[str] = set()
        async for payment in self._all(payment_store.closing):
            if payment.module not in away:
                with _by_itself(payment):
                    if not await self._is_answered(payment):
                        away.add(payment.module)
        async with self._database.writing() as connection:
            await payment_store.forget_events(connection, at - _EVENTS_MS)

    async def _look_and_rest(self) -> None:
        await self.look()
        await asyncio.sleep(self._seconds)

    async def _run_out(self, payment: Payment) -> None:
        async with self._database.writing() as connection:
            found = await payment_store.locked(connection, payment.id)
            assert found is not None, "payments are never removed"
            # Nobody awaits the end of a payment whose link was not given away.
            await payment_store.stop(connection, found, *((None, None) if found.answered_at is None else (STOPPED, EXPIRED)))

    async def _is_answered(self, payment: Payment) -> bool:
        """Have a provider close a page, and tell whether it answers: one that does not would make all its other payments wait, too."""
        try:
            await self._providers.close_page(payment)
        except CommandFailed as failure:
            logger.warning("payment %s: its page is not closed yet: %s", payment.id, failure)
            return not isinstance(failure, Retry)
        return True

    async def _all(self, some: Callable[[AsyncConnection, str], Awaitable[list[Payment]]]) -> AsyncIterator[Payment]:
        after = ""
        while True:
            async with self._database.reading() as connection:
                batch = await some(connection, after)
            for payment in batch:
                yield payment
            if not batch:
                return
            after = batch[-1].id


@contextmanager
def _by_itself(payment: Payment) -> Iterator[None]:
    """Keep a fault of ours with one payment from keeping the others from their end."""
    try:
        yield
    except CommandFailed:
        raise
    except Exception:
        logger.exception("payment %s: expected to end it", payment.id)
