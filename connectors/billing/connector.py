"""The billing connector: invoices are found, payments asked for and called back (§ 11)."""

import secrets
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.billing import invoice_store, payment_store
from connectors.billing.invitation import Invitations
from connectors.billing.invoice import PAID as PAID_STATUS
from connectors.billing.invoice import Invoice
from connectors.billing.money import Money, is_locale
from connectors.billing.payment import CANCELLED, CLOSING, ERROR, OPEN, PAID, PROCESSING, WITHIN_CONVERSATION, Payment
from connectors.billing.payment_store import ALREADY_PAID
from connectors.billing.providers import Providers
from connectors.billing.settings import BillingSettings
from connectors.billing.watch import Watch
from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.errors import Refused
from connectors.framework.outcome import Outcome
from connectors.framework.surroundings import Surroundings
from connectors.sql.database import Database
from connectors.sql.outbox import OutboxRelay

MODES: Final = frozenset({"sms", "email", WITHIN_CONVERSATION})

_CODE_BYTES: Final = 12


def _way(body: Body, _context: Context) -> str:
    """Return what a link needs: the module's account, and whatever sends it; each way by itself, as one may be well without the others."""
    return f"{body['module']}/{body['mode']}"


class BillingConnector(Connector):
    """Asks for payments, each known by its command's id: a repeated command finds the payment that there is, and its one link.

    What becomes of a payment after the command was answered is written to the outbox in the transaction that notes it.
    """

    family = "billing"

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare. Raises SettingsError."""
        self._settings = surroundings.read(BillingSettings)
        self._database = Database(surroundings, self.family)
        self._providers = Providers(surroundings, self._settings, self._database)
        self._invitations = Invitations(surroundings, self._settings, self._providers)
        self._surroundings = surroundings
        self._relay: OutboxRelay | None = None
        self._watch = Watch(self._database, self._providers, self._settings)

    async def open(self) -> None:
        """Connect to the store, the providers and Kafka."""
        await self._database.open()
        await self._providers.open()
        await self._invitations.open()
        self._relay = OutboxRelay(self._surroundings, self._database)
        await self._relay.open()
        await self._watch.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._watch.close()
        if self._relay is not None:
            await self._relay.close()
        await self._invitations.close()
        await self._providers.close()
        await self._database.close()

    @command("FindInvoice", idempotent=True)
    async def find_invoice(self, body: Body, context: Context) -> Outcome:
        """Find one invoice."""
        async with self._database.reading() as connection:
            found = await _find(connection, body)
        return Outcome("not_found") if found is None else Outcome.ok(**found.values)

    @command("RequestInvoicePayment", idempotent=True, failure=ERROR, target=_way)
    async def request_invoice_payment(self, body: Body, context: Context) -> Outcome:
        """Have the customer pay an invoice."""
        async with self._database.writing() as connection:
            begun = await payment_store.by_id(connection, context.command_id)
            if begun is None or begun.invoice_id is None:
                found = await _find(connection, body)
            else:  # which one it was; another one may be the oldest by now
                found = await invoice_store.by_id(connection, begun.invoice_id)
            if found is None:
                return Outcome("invoice_not_found")
            if begun is None and found.status in self._settings.settled_statuses:
                reason = ALREADY_PAID if found.status == PAID_STATUS else "not_payable"
                return Outcome(ERROR, reason, "The invoice needs no payment.", found.values)
            if begun is None:
                about = {
                    "invoice_id": found.id,
                    "amount": found.money.amount,
                    "currency": found.money.currency,
                    "name": "",
                    "invoice_reference": found.number,
                    "customer_reference": found.customer_number or "",
                    "comment": "",
                    "customized_data": "",
                    "mobile_phone": found.mobile_phone,
                    "landline_phone": found.landline_phone,
                    "email": found.email,
                }
                begun = await payment_store.begin(connection, {**self._asked(body, context), **about})
        return await self._invite(begun, found)

    @command("RequestAmountPayment", idempotent=True, failure=ERROR, target=_way)
    async def request_amount_payment(self, body: Body, context: Context) -> Outcome:
        """Have the customer pay an amount."""
        try:
            money = Money.read(body["amount"], body["currency"])
        except ValueError as error:
            raise Refused("invalid_amount", f"The amount: {error}.") from error
        texts = ("invoice_reference", "customer_reference", "comment", "customized_data")
        about = {
            "invoice_id": None,
            "amount": money.amount,
            "currency": money.currency,
            "name": _line(body["invoice_name"]),
            **{name: _line(body[name]) for name in texts},
            **{name: body[name] for name in ("mobile_phone", "landline_phone", "email")},
        }
        async with self._database.writing() as connection:
            begun = await payment_store.begin(connection, {**self._asked(body, context), **about})
        return await self._invite(begun, None)

    @command("CancelPayment", idempotent=True)
    async def cancel_payment(self, body: Body, context: Context) -> Outcome:
        """Call a payment back."""
        async with self._database.writing() as connection:
            found = await payment_store.locked(connection, body["payment"])
            if found is None:
                return Outcome.ok()
            if found.state == OPEN:
                await payment_store.stop(connection, found, None, None)
            again = await payment_store.by_id(connection, found.id)
        assert again is not None, "payments are never removed"
        if again.state == CLOSING:
            again = await self._providers.close_page(again)
        if again.state in {PAID, PROCESSING}:
            raise Refused(ALREADY_PAID, "The payment has been made.")
        return Outcome.ok()

    def _asked(self, body: Body, context: Context) -> dict[str, Any]:
        """Return what both commands say of a payment. Raises Refused where it cannot be asked for."""
        if body["mode"] not in MODES:
            raise Refused("wrong_type", "Expected mode sms, email or smart_routing.")
        seconds = self._settings.chat_link_seconds if body["mode"] == WITHIN_CONVERSATION else self._settings.link_seconds
        return {
            "id": context.command_id,
            "code": secrets.token_urlsafe(_CODE_BYTES),
            "conversation_id": context.conversation_id,
            "module": body["module"],
            "provider": self._providers.provider_of(body["module"], sandbox=body["sandbox"]),
            "sandbox": body["sandbox"],
            "mode": body["mode"],
            "locale": body["locale"] if is_locale(body["locale"]) else None,
            "answer_until": context.deadline,
            "expires_at": payment_store.now() + int(seconds * 1_000),
        }

    async def _invite(self, payment: Payment, invoice: Invoice | None) -> Outcome:
        """Give the customer the link, once; a payment that is over already is answered as when it began."""
        values = {} if invoice is None else dict(invoice.values)
        if payment.answered_at is None:
            if payment.state in {CLOSING, CANCELLED} and payment.outcome is None:  # it failed, and the answer was not recorded
                return Outcome(ERROR, payment.reason, values=values)
            try:
                await self._give_link(payment)
            except Refused as failure:
                await self._call_back(payment, failure.reason)
                return Outcome(ERROR, failure.reason, failure.detail, values)
        if payment.within_conversation:
            return Outcome("payment_started", values={**values, "message": self._invitations.message(payment)})
        return Outcome("notification_sent", values=values)

    async def _give_link(self, payment: Payment) -> None:
        if payment.by_provider and payment.state == OPEN:
            payment = await self._providers.page(payment, self._invitations.title(payment), self._invitations.link(payment))
        if not payment.within_conversation and payment.state == OPEN:
            await self._invitations.send(payment)
        async with self._database.writing() as connection:
            await payment_store.answered(connection, payment.id)

    async def _call_back(self, payment: Payment, reason: str) -> None:
        async with self._database.writing() as connection:
            found = await payment_store.locked(connection, payment.id)
            assert found is not None, "payments are never removed"
            await payment_store.stop(connection, found, None, reason)


async def _find(connection: AsyncConnection, body: Body) -> Invoice | None:
    return await invoice_store.find(connection, body["identifier"], body["value"], body["select"])


def _line(text: str) -> str:
    return text.replace("\0", "")  # PostgreSQL's texts have no NUL
