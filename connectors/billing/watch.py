"""Looks for payments whose time is over, and has providers' pages closed."""

import asyncio
import logging
from typing import Final

from connectors.billing import payment_store
from connectors.billing.payment import STOPPED
from connectors.billing.payment_store import EXPIRED
from connectors.billing.providers import Providers
from connectors.billing.settings import BillingSettings
from connectors.framework.ending import end
from connectors.framework.errors import CommandFailed, Retry
from connectors.sql.database import Database

_GRACE_MS: Final = 5_000
"""So long after its deadline a payment whose link nobody was given is called back: its connector may be about to give it away."""

_EVENTS_MS: Final = 30 * 24 * 60 * 60 * 1_000

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
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop."""
        if self._watching is not None:
            await end(self._watching)

    async def look(self) -> None:
        """End what has run out, and close what is to be closed.

        Raises Retry where the store does not answer; a provider that does not answer is asked again with the next look.
        """
        at = payment_store.now()
        async with self._database.reading() as connection:
            over = await payment_store.run_out(connection, at, _GRACE_MS)
        for payment, given in over:
            async with self._database.writing() as connection:
                found = await payment_store.locked(connection, payment.id)
                assert found is not None, "payments are never removed"
                await payment_store.stop(connection, found, *((STOPPED, EXPIRED) if given else (None, None)))
        async with self._database.reading() as connection:
            closing = await payment_store.closing(connection)
        for payment in closing:
            try:
                await self._providers.close_page(payment)
            except CommandFailed as failure:
                logger.warning("payment %s: its page is not closed yet: %s", payment.id, failure)
        async with self._database.writing() as connection:
            await payment_store.forget_events(connection, at - _EVENTS_MS)

    async def _watch(self) -> None:
        while True:
            try:
                await self.look()
            except Retry as failure:
                logger.warning("payments: %s", failure)
            except Exception:  # a fault of ours with one payment must not keep the others from their end
                logger.exception("payments: expected to look for those that are over")
            await asyncio.sleep(self._seconds)
