"""Webhooks of payment providers, at /webhooks/stripe/<module>: each event is heeded once."""

import logging
import time
from typing import Final

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.billing import payment_store
from connectors.billing.answering import NOT_CACHED
from connectors.billing.payment import CLOSING, OPEN, PROCESSING, STOPPED, SUCCESSFUL, Payment
from connectors.billing.payment_store import EXPIRED
from connectors.billing.providers import is_whole
from connectors.billing.settings import BillingSettings, StripeModule
from connectors.billing.stripe.signature import Forged, check
from connectors.billing.stripe.told import Told, Unreadable, told
from connectors.framework.fault import Fault
from connectors.framework.request_body import body_of
from connectors.sql.database import Database

LARGEST_BYTES: Final = 256 * 1_024
"""Most bytes of a webhook's body."""

_MARGIN_MS: Final = 60_000

logger = logging.getLogger(__name__)


class Webhook:
    """What providers tell of payments."""

    def __init__(self, settings: BillingSettings, database: Database) -> None:
        self._settings = settings
        self._database = database

    async def hear(self, request: web.Request) -> web.StreamResponse:
        """Take an event: 200 once it is noted, and again for one that was.

        Raises Fault: 400 for what the provider did not sign, or signed too long ago; 404, 413. Raises Retry where the store is away, so
        that the provider tells it again.
        """
        name = request.match_info["module"]
        module = self._settings.modules.get(name)
        if not isinstance(module, StripeModule):
            raise Fault(404, "module", "a payment module that is told by webhooks", "another")
        body = await body_of(request, LARGEST_BYTES)
        secret, header = module.webhook_secret.get_secret_value(), request.headers.get("Stripe-Signature", "")
        try:
            check(header, body, secret, now=time.time(), tolerance=self._settings.webhook_tolerance_seconds)
            event = told(body)
        except (Forged, Unreadable) as error:
            logger.warning("webhook of payment module %s refused: %s", name, error)
            raise Fault(400, "webhook", str(error).removeprefix("expected "), "another") from None
        if event is not None:
            async with self._database.writing() as connection:
                if await payment_store.is_new(connection, name, event.event_id):
                    await self._heed(connection, name, event)
        return web.json_response({}, headers=NOT_CACHED)

    async def _heed(self, connection: AsyncConnection, module: str, event: Told) -> None:
        found = await payment_store.locked(connection, event.payment_id)
        if found is None or found.module != module or found.sandbox is event.live:
            logger.warning("webhook of payment module %s: about no payment of it", module)
            return
        match event.outcome:
            case None:
                await payment_store.processing(connection, found)
            case "payment_successful":
                await self._paid(connection, found, event)
            case "payment_stopped":
                await _page_expired(connection, found, event)
            case outcome if _is_of_its_try(found, event):
                await payment_store.failed(connection, found, outcome, event.reason)
            case _:
                logger.info("payment %s: %s, told too late or by another event as well", found.id, event.outcome)

    async def _paid(self, connection: AsyncConnection, found: Payment, event: Told) -> None:
        if not is_whole(found, event.amount, event.currency, live=event.live):
            return
        if found.state not in {OPEN, PROCESSING, CLOSING} and found.outcome != SUCCESSFUL:
            logger.error("payment %s: paid, although it was %s: the money may have to be given back", found.id, found.state)
        await payment_store.paid(connection, found, self._settings.settled_statuses, taken=True)


def _is_of_its_try(found: Payment, event: Told) -> bool:
    """Whether a failure is that of the payment's present page.

    A transfer that fails is told twice, by the page and by the payment's intent, which does not say of which page it is: the intent counts
    while a page is open, and no longer once the bank transfers the money.
    """
    if event.session_id is None:
        return found.state == OPEN and found.session_id is not None
    return found.state in {OPEN, PROCESSING} and event.session_id == found.session_id


async def _page_expired(connection: AsyncConnection, found: Payment, event: Told) -> None:
    """A page of the provider's is over; the payment with it, unless its link outlives the page."""
    if event.session_id != found.session_id:
        return
    if found.state == CLOSING:
        await payment_store.over(connection, found, found.outcome, found.reason)
    elif found.state == OPEN and (found.within_conversation or payment_store.now() > found.expires_at - _MARGIN_MS):
        await payment_store.over(connection, found, STOPPED, EXPIRED)
