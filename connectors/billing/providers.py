"""The payment modules' accounts, as the settings have them, and what becomes of payments there."""

import logging
import time

from connectors.billing import payment_store
from connectors.billing.payment import ERROR, SANDBOX, Payment
from connectors.billing.settings import BillingSettings, SandboxModule, StripeModule
from connectors.billing.stripe.api import Session, StripeApi, session_end
from connectors.billing.stripe.minor_units import minor_units
from connectors.framework.errors import Refused
from connectors.framework.surroundings import Surroundings
from connectors.sql.database import Database

logger = logging.getLogger(__name__)


class Providers:
    """Which provider takes a module's money."""

    def __init__(self, surroundings: Surroundings, settings: BillingSettings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._apis = {
            name: StripeApi(module, surroundings, settings.request_seconds)
            for name, module in settings.modules.items()
            if isinstance(module, StripeModule)
        }

    async def open(self) -> None:
        """Make the HTTP clients."""
        for api in self._apis.values():
            await api.open()

    async def close(self) -> None:
        """Close their connections."""
        for api in self._apis.values():
            await api.close()

    def provider_of(self, module: str, *, sandbox: bool) -> str:
        """Return who takes the money: `sandbox`, where it is pretended on our own page, or the provider.

        Raises Refused where real money is asked for and nobody is set who could take it.
        """
        match self._settings.modules.get(module):
            case StripeModule(provider=provider):
                return provider
            case None | SandboxModule() if sandbox:
                return SANDBOX
            case None:
                raise Refused("module_unknown", "The settings name no account for this payment module.", outcome=ERROR)
            case SandboxModule():
                raise Refused("sandbox_only", "The settings have a sandbox for a payment module that is to take real money.", outcome=ERROR)

    def merchant_of(self, module: str) -> str:
        """Return who is paid, for people."""
        found = self._settings.modules.get(module)
        return (found.merchant if found is not None else "") or self._settings.merchant

    async def page(self, payment: Payment, title: str, back: str) -> Payment:
        """Give a payment the provider's page, unless it has one that lasts, and return it; one that is over meanwhile gets none.

        Raises Retry, and Refused with the provider's code or `livemode_mismatch`, where a sandbox is a real account or the reverse.
        """
        if payment.session_url and payment.session_expires_at is not None and payment.session_expires_at > time.time() * 1_000 + 60_000:
            return payment
        api = self._api(payment)
        session = await api.begin(payment, title, back, session_end(payment))
        if session.live is payment.sandbox:
            await api.expire(session.id)
            found = "a real account" if session.live else "a sandbox"
            raise Refused("livemode_mismatch", f"The payment module's account is {found}, and the module is not.", outcome=ERROR)
        if not session.url:
            raise Refused("no_page", "The payment provider has no page for the payment.", outcome=ERROR)
        async with self._database.writing() as connection:
            await payment_store.with_session(connection, payment, (session.id, session.url, session.expires_at))
            again = await payment_store.by_id(connection, payment.id)
        assert again is not None, "payments are never removed"
        if again.session_id != session.id:  # somebody was faster, or it is over: no other page may take the money
            await api.expire(session.id)
        return again

    async def close_page(self, payment: Payment) -> Payment:
        """Have the provider end a payment's page, note what has become of the payment, and return it.

        Raises Retry where the provider does not answer.
        """
        assert payment.session_id is not None, "only what has a page is closing"
        session = await self._api(payment).expire(payment.session_id)
        async with self._database.writing() as connection:
            found = await payment_store.locked(connection, payment.id)
            assert found is not None, "payments are never removed"
            if session.status == "expired":
                await payment_store.over(connection, found, found.outcome, found.reason)
            elif session.status == "complete" and session.payment_status == "unpaid":
                await payment_store.processing(connection, found)
            elif session.status == "complete" and is_whole(found, session.amount, session.currency, live=session.live):
                await payment_store.paid(connection, found, self._settings.settled_statuses, taken=True)
            again = await payment_store.by_id(connection, payment.id)
        assert again is not None, "payments are never removed"
        return again

    async def look(self, payment: Payment) -> Session:
        """Return what a payment's page is now. Raises Retry, Refused."""
        assert payment.session_id is not None, "only what has a page can be looked at"
        return await self._api(payment).look(payment.session_id)

    def _api(self, payment: Payment) -> StripeApi:
        api = self._apis.get(payment.module)
        if api is None:
            raise Refused("module_unknown", "The settings name no account for this payment module any more.", outcome=ERROR)
        return api


def is_whole(payment: Payment, amount: int | None, currency: str | None, *, live: bool) -> bool:
    """Whether what was paid is what was asked for: the amount, in its currency, with real money or without."""
    whole = amount == minor_units(payment.money) and (currency or "").upper() == payment.money.currency and live is not payment.sandbox
    if not whole:
        logger.error("payment %s: expected what was asked for; found another amount, currency or account", payment.id)
    return whole
